"""The clocks of a case, by the code they are known under."""

NOTICE = "XK.NOTICE"  # five working days to accept, or to ask once for corrections (time-limit table)
PROMISED = "CASE.PROMISED"
LEGAL = "CASE.LEGAL"
STEP = "CASE.STEP"
CORRECTION_DAYS = 30  # natural days an applicant has to answer a correction notice before the case counts as given up
EXTENSION_BOUND = 10  # working days of extension in all (行政许可法 42)
REPLY_DAYS = 5  # working days to answer a question (MAIL.REPLY)
REUSE_DAYS = 365  # natural days an upload is offered again in later cases; older ones are asked for anew (DATA-40)
