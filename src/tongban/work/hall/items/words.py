"""Words that cells are filled with: for nothing, yes, no, and for the codes of the national tables."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = frozenset((
    "-", "--", "---", "—", "——", "－", "/", "\\", ".", "无", "暂无", "空", "null", "none", "nil",
    "nan", "n/a", "na", "#n/a", "#ref!", "#value!", "undefined", "(null)", "<null>", "无。", "不详",
    "待定", "tbd", "tba", "없음", "해당없음", "없음", "なし", "該当なし", "ninguno", "néant",
    "keine", "無", "未填写", "请选择", "请输入", "未分类",
))  # fmt: skip
YES = frozenset((
    "是", "有", "支持", "可以", "可", "能", "y", "yes", "true", "t", "1", "√", "✓", "✔", "○",
    "예", "네", "ja", "oui", "sí", "si", "sim", "收费", "收取", "required", "available", "online",
))  # fmt: skip
NO = frozenset((
    "否", "无", "不支持", "不可以", "不可", "不能", "没有", "n", "no", "false", "f", "0", "×", "✗",
    "✘", "x", "아니오", "nein", "non", "não", "不收费", "不收取", "免费", "免", "不收", "free",
    "none", "nil", "无料", "무료", "없음", "gratuit", "gratis", "kostenlos", "無料", "gratuito",
    "免費",
))  # fmt: skip

TASK_TYPES: dict[str, Sequence[str]] = {
    "01": ("行政许可", "行政审批", "行政許可", "administrative licensing", "administrative license", "许可"),
    "02": ("行政处罚", "administrative punishment"),
    "03": ("行政强制", "administrative coercion"),
    "04": ("行政征收", "administrative levy"),
    "05": ("行政给付", "administrative payment"),
    "06": ("行政检查", "administrative inspection"),
    "07": ("行政确认", "administrative confirmation"),
    "08": ("行政奖励", "administrative award"),
    "09": ("行政裁决", "administrative adjudication"),
    "20": ("公共服务", "公共服務", "public service"),
    "10": (
        "其他行政权力",
        "其他权力",
        "其他类别",
        "其他职权",
        "其他",
        "行政备案",
        "other administrative power",
    ),
    "00": ("行政权力事项", "行政权力"),
}
USE_LEVELS: dict[str, Sequence[str]] = {
    "1": ("国家级", "国家", "中央"),
    "2": ("省级", "省", "自治区级", "直辖市级"),
    "3": ("市级", "地市级", "设区的市级"),
    "4": ("县级", "区级", "区县级", "县(市、区)级", "县"),
    "5": ("镇级", "乡镇级", "乡级", "街道", "镇(乡、街道)级"),
    "6": ("村级", "社区", "村(社区)级"),
    "7": ("分级管理", "分级"),
}
AUDIENCES: dict[str, Sequence[str]] = {
    "1": (
        "自然人", "个人", "公民", "市民", "居民", "individual", "citizen", "person", "resident", "people", "public",
        "family", "families", "student", "senior", "youth", "child", "veteran", "개인", "個人", "가구", "bürger",
        "particulier", "ciudadan", "cidad", "persona",
    ),
    "2": (
        "企业法人", "企业", "法人", "企業", "business", "enterprise", "compan", "corporat", "employer", "commercial",
        "legal entity", "firm", "법인", "소상공인", "기업", "事業者", "unternehmen", "entreprise", "empresa",
    ),
    "3": ("事业法人", "事业单位", "public institution", "school"),
    "4": ("社会组织法人", "社会组织", "社会团体", "非营利", "nonprofit", "non-profit", "ngo", "charit", "단체"),
    "5": ("行政机关", "机关", "government", "public body", "agency", "local authorit"),
    "6": ("其他组织", "其他", "other"),
}  # fmt: skip
HANDLE_TYPES: dict[str, Sequence[str]] = {
    "1": (
        "窗口办理",
        "窗口",
        "现场办理",
        "现场",
        "in person",
        "in-person",
        "walk-in",
        "office",
        "counter",
        "방문",
    ),
    "3": ("移动端网上办理", "移动端", "手机", "掌上", "mobile", "app"),
    "2": (
        "电脑端网上办理",
        "网上办理",
        "网上",
        "在线",
        "线上",
        "pc端",
        "online",
        "web",
        "internet",
        "온라인",
        "e-service",
    ),
    "4": ("快递申请", "快递", "邮寄", "mail", "post", "courier", "우편"),
    "9": ("其他", "other", "phone", "telephone", "fax", "email"),
}
PROJECT_TYPES: dict[str, Sequence[str]] = {"1": ("即办件", "即办"), "2": ("承诺件", "承诺"), "9": ("其他",)}
STATES: dict[str, Sequence[str]] = {
    "3": (
        "取消", "废止", "作废", "注销", "已取消", "失效", "cancelled", "canceled", "retired", "abolished", "closed",
        "withdrawn", "discontinued", "deprecated", "expired", "repealed",
    ),
    "2": ("暂停", "停用", "挂起", "paused", "suspended", "on hold", "inactive", "temporarily closed"),
    "1": (
        "在用", "有效", "正常", "已发布", "发布", "启用", "现行", "active", "current", "live", "published", "open",
        "in use", "in force",
    ),
}  # fmt: skip
RESULTS: dict[str, Sequence[str]] = {
    "10": ("证照", "证件", "出证办结", "licence", "license", "certificate"),
    "20": ("批文", "出文办结", "审批办结", "批复", "文件"),
    "30": ("其他", "无"),
}
NEEDS: dict[str, Sequence[str]] = {
    "2": ("非必要", "非必须", "非必需", "否", "n", "no", "0", "optional"),
    "3": ("容缺后补", "容缺"),
    "1": ("必要", "必须", "必需", "是", "y", "yes", "required", "mandatory"),
}
FORMATS: dict[str, Sequence[str]] = {
    "3": ("纸质/电子化", "纸质和电子", "纸质或电子", "纸质/电子", "both"),
    "1": ("纸质", "paper"),
    "2": ("电子化", "电子", "electronic"),
}
KINDS: dict[str, Sequence[str]] = {
    "3": ("原件和复印件", "原件及复印件", "原件、复印件", "原件/复印件"),
    "1": ("原件", "original"),
    "2": ("复印件", "copy"),
}
SOURCES: dict[str, Sequence[str]] = {
    "10": ("申请人自备", "自备", "applicant"),
    "20": ("政府部门核发", "政府部门", "部门核发", "government"),
    "99": ("其他", "other"),
}
