"""Which elements of BPMN are run, which are ignored, and which are refused (architecture, section 4)."""

from __future__ import annotations

from .model import Kind, Trigger

NODES = {kind.value: kind for kind in Kind}

REFUSED = {
    "scriptTask": "script tasks are code and are not run",
    "complexGateway": "complex gateways are not run",
    "transaction": "transactions are not run",
    "adHocSubProcess": "ad-hoc sub-processes are not run",
    "implicitThrowEvent": "implicit throw events are not run",
    "callChoreography": "choreographies are not run",
    "choreographyTask": "choreographies are not run",
    "subChoreography": "choreographies are not run",
    "event": "an event of no kind is not run",
}
"""Flow elements that are refused wherever they stand."""

REFUSED_ROOTS = {
    "choreography": "choreographies are not run",
    "globalChoreographyTask": "choreographies are not run",
    "globalConversation": "conversations are not run",
    "globalScriptTask": "script tasks are code and are not run",
}
CONVERSATIONS = ("conversation", "subConversation", "callConversation")

IGNORED = frozenset(
    [
        "documentation",
        "extensionElements",
        "auditing",
        "monitoring",
        "property",
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "association",
        "group",
        "artifact",
        "incoming",
        "outgoing",
        "ioSpecification",
        "ioBinding",
        "dataInputAssociation",
        "dataOutputAssociation",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "supports",
        "supportedInterfaceRef",
        "correlationSubscription",
        "category",
        "categoryValueRef",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "loopCharacteristics",
        "flowElementRef",
        "completionCondition",
        "ordering",
        "lane",
        "dataStore",
        "messageFlow",
        "participant",
    ]
)
"""Children of processes and sub-processes that say nothing about tokens."""

TRIGGERS = {
    "messageEventDefinition": Trigger.MESSAGE,
    "timerEventDefinition": Trigger.TIMER,
    "errorEventDefinition": Trigger.ERROR,
    "terminateEventDefinition": Trigger.TERMINATE,
}
DEFINITIONS = frozenset(TRIGGERS) | frozenset(
    [
        "signalEventDefinition",
        "escalationEventDefinition",
        "linkEventDefinition",
        "conditionalEventDefinition",
        "cancelEventDefinition",
        "compensateEventDefinition",
        "eventDefinition",
    ]
)

MAY = {
    Kind.START: {Trigger.NONE, Trigger.MESSAGE, Trigger.TIMER},
    Kind.CATCH: {Trigger.MESSAGE, Trigger.TIMER},
    Kind.THROW: {Trigger.NONE, Trigger.MESSAGE},
    Kind.END: {Trigger.NONE, Trigger.MESSAGE, Trigger.ERROR, Trigger.TERMINATE},
    Kind.BOUNDARY: {Trigger.MESSAGE, Trigger.TIMER, Trigger.ERROR},
}
"""The triggers with which each kind of event is run."""

SHARED = ("serial", "parallel_all", "parallel_first_refusal", "countersign", "document_out", "document_in")
"""The processes that most packs use as they are; a call activity may call them by these names."""

GLOBAL_TASKS = {
    "globalTask": Kind.TASK,
    "globalManualTask": Kind.MANUAL,
    "globalUserTask": Kind.USER,
    "globalBusinessRuleTask": Kind.RULE,
}
