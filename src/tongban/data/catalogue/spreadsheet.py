"""The words of the guide's spreadsheet: titles of columns, values, an example."""

from __future__ import annotations

from .data import Category, Cycle, DataType, Format, Level, Mode, Openness, Sharing, Zone

# Field -> the titles it may have; the first one stands in the template.
COLUMNS: dict[str, tuple[str, ...]] = {
    "category": ("类", "信息资源分类类", "信息资源分类（类）"),
    "project": ("项", "项代码"),
    "subject": ("目", "目代码"),
    "detail": ("细目", "细目代码"),
    "title": ("信息资源名称", "资源名称", "数据资源名称"),
    "provider": ("信息资源提供方", "提供方", "提供单位"),
    "provider_code": ("资源提供方代码", "提供方代码"),
    "summary": ("信息资源摘要", "摘要", "资源摘要"),
    "format": ("信息资源格式", "资源格式", "格式"),
    "item_title": ("信息项名称", "信息项", "数据项名称"),
    "item_name": ("字段名", "字段名称", "信息项英文名", "英文名"),
    "type": ("数据类型",),
    "length": ("数据长度", "长度"),
    "codes": ("代码集", "数据字典"),
    "required": ("是否必填", "必填"),
    "personal": ("是否个人信息", "个人信息"),
    "element": ("数据元", "数据元标识"),
    "source": ("权威来源", "权威来源单位"),
    "sharing": ("共享类型", "共享属性"),
    "condition": ("共享条件",),
    "modes": ("共享方式", "服务方式"),
    "law": ("不予共享依据",),
    "openness": ("是否向社会开放", "开放属性", "开放类型"),
    "open_condition": ("开放条件",),
    "cycle": ("更新周期",),
    "related": ("关联资源代码", "关联信息资源代码"),
    "level": ("安全级别", "涉密属性"),
    "zone": ("网络区域",),
    "system": ("来源系统", "所属系统"),
    "owner": ("主管责任人", "主管单位责任人"),
    "operator": ("运维责任人", "运营责任人"),
}
NEEDED = ("title", "item_title")

CATEGORIES = {
    "1": Category.BASE,
    "基础": Category.BASE,
    "2": Category.THEME,
    "主题": Category.THEME,
    "3": Category.DEPARTMENT,
    "部门": Category.DEPARTMENT,
}
SHARING = {"无条件共享": Sharing.UNCONDITIONAL, "有条件共享": Sharing.CONDITIONAL, "不予共享": Sharing.REFUSED}
OPENNESS = {
    "是": Openness.OPEN,
    "否": Openness.CLOSED,
    "无条件开放": Openness.OPEN,
    "有条件开放": Openness.CONDITIONAL,
    "不予开放": Openness.CLOSED,
    "有条件": Openness.CONDITIONAL,
}
CYCLES = {
    "实时": Cycle.REALTIME,
    "每日": Cycle.DAILY,
    "每周": Cycle.WEEKLY,
    "每月": Cycle.MONTHLY,
    "每季度": Cycle.QUARTERLY,
    "每半年": Cycle.HALF_YEARLY,
    "每年": Cycle.YEARLY,
    "不定期": Cycle.IRREGULAR,
}
FORMATS = {
    "电子文件": Format.DOCUMENT,
    "电子表格": Format.SHEET,
    "数据库": Format.DATABASE,
    "图形图像": Format.IMAGE,
    "流媒体": Format.MEDIA,
    "自描述格式": Format.DESCRIBED,
}
MODES = {
    "批量": Mode.BATCH,
    "库表": Mode.BATCH,
    "库表交换": Mode.BATCH,
    "查询": Mode.QUERY,
    "接口": Mode.QUERY,
    "核验": Mode.COMPARE,
    "比对": Mode.COMPARE,
    "文件": Mode.FILE,
    "文件交换": Mode.FILE,
    "文件下载": Mode.FILE,
}
TYPES = {
    "字符型": DataType.TEXT,
    "字符": DataType.TEXT,
    "数值型": DataType.NUMBER,
    "数值": DataType.NUMBER,
    "货币型": DataType.MONEY,
    "货币": DataType.MONEY,
    "日期型": DataType.DATE,
    "日期": DataType.DATE,
    "日期时间型": DataType.DATETIME,
    "日期时间": DataType.DATETIME,
    "逻辑型": DataType.LOGICAL,
    "逻辑": DataType.LOGICAL,
    "备注型": DataType.MEMO,
    "备注": DataType.MEMO,
    "通用型": DataType.GENERAL,
    "通用": DataType.GENERAL,
    "双精度型": DataType.DOUBLE,
    "双精度": DataType.DOUBLE,
    "整型": DataType.INTEGER,
    "浮点型": DataType.FLOAT,
    "浮点": DataType.FLOAT,
} | {str(one): one for one in DataType}
LEVELS = {"公开": Level.PUBLIC, "内部": Level.INTERNAL, "非涉密": Level.INTERNAL, "敏感": Level.SENSITIVE}
ZONES = {"互联网": Zone.PUBLIC, "政务外网": Zone.OUTER, "政务内网": Zone.INNER}


EXAMPLE = {
    "category": "3",
    "project": "07",
    "subject": "003",
    "title": "建筑企业资质信息（示例，请删除）",
    "provider": "提供方全称",
    "summary": "资质证书编号、企业名称、等级和有效期。",
    "format": "数据库",
    "item_title": "证书编号",
    "item_name": "certificate_no",
    "type": "C",
    "length": "30",
    "required": "是",
    "personal": "否",
    "sharing": "有条件共享",
    "condition": "行政许可审批核验企业资质时使用",
    "modes": "查询、核验",
    "openness": "否",
    "cycle": "每日",
    "level": "内部",
    "zone": "政务外网",
    "system": "资质管理系统",
    "owner": "处室和岗位",
    "operator": "单位和岗位",
}
SECOND = {
    "item_title": "统一社会信用代码",
    "item_name": "uscc",
    "type": "C",
    "length": "18",
    "required": "是",
    "personal": "否",
    "element": "legal_entity.uscc",
    "source": "市场监管部门的机构代码",
}

# --- data elements ---------------------------------------------------------------------------------------

ELEMENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "key": ("标识", "数据元标识", "英文名称"),
    "number": ("内部标识符", "标识符"),
    "title": ("中文名称", "数据元名称", "名称"),
    "definition": ("定义", "说明"),
    "type": ("数据类型",),
    "length": ("数据长度", "长度"),
    "codes": ("值域代码集", "值域", "代码集"),
    "standard": ("来源标准", "标准"),
}
ELEMENT_EXAMPLES = (
    ("legal_entity.uscc", "", "统一社会信用代码", "法人和其他组织的唯一、终身不变的主体代码", "C", "18", "",
     "GB 32100-2015"),
    ("population.idno", "", "公民身份号码", "公安机关为公民编定的唯一、终身不变的身份代码", "C", "18", "",
     "GB 11643-1999"),
    ("population.sex", "", "性别", "人的性别", "C", "1", "GB/T 2261.1", "GB/T 2261.1-2003"),
    ("population.ethnicity", "", "民族", "自然人所属的民族", "C", "2", "GB/T 3304", "GB/T 3304-1991"),
    ("place.division", "", "行政区划代码", "县级及以上行政区划的数字代码", "C", "6", "GB/T 2260", "GB/T 2260-2007"),
)  # fmt: skip
