"""Faults set at run time: what goes wrong, for whom, how often.

A fault belongs to a platform and, if given, to one account and to paths holding a substring. Each
matching call first uses up `after`, then fires `times` times (-1: until cleared).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

PLATFORMS: Final = ("wechat", "weibo", "douyin", "website", "kuaishou", "bilibili", "baijiahao")

#: Before the effect: the call leaves no trace on the platform.
BEFORE: Final = frozenset({"status_before", "drop_before", "hang_before", "code"})
#: After the effect: the platform did what was asked and the caller does not learn it plainly.
AFTER: Final = frozenset(
    {"status_after", "lost_answer", "hang", "html", "empty", "missing_code", "string_numbers"}
)
#: Taken by the next accepted publication instead of by the next call.
REVIEW: Final = frozenset({"refuse_review", "slow_review"})
KINDS: Final = BEFORE | AFTER | REVIEW | {"latency"}

# Weibo's 20032 says "accepted, shows later": as a plain refusal it would be a lie.
# https://open.weibo.com/wiki/Error_code
_ACCEPTING_CODES: Final = {"weibo": {20032}}

_NEEDED: Final[dict[str, tuple[str, type]]] = {
    "latency": ("seconds", float),
    "slow_review": ("seconds", float),
    "status_before": ("status", int),
    "status_after": ("status", int),
    "code": ("code", int),
}


class FaultError(ValueError):
    """A fault was described wrongly; the message is safe to show."""


@dataclass(kw_only=True, slots=True)
class Fault:
    """One fault and how far it has been used up."""

    id: str
    platform: str
    kind: str
    account: str | None = None
    path: str = ""  # substring of the path, prefix included
    times: int = 1  # firings left; -1 means until cleared
    after: int = 0  # matching calls still let through
    seconds: float = 0.0
    status: int = 0
    code: int = 0
    fired: int = field(default=0)

    def describe(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class FaultBook:
    """All faults now set, in the order they were set."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next = 1

    def add(self, data: dict[str, Any]) -> Fault:
        """Set a fault from control input; `FaultError` names what is wrong with it."""
        _check(data)
        fault = Fault(id=f"f{self._next}", **data)
        self._next += 1
        self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        """Every fault, used up or not, so that its firings can be read."""
        return list(self._faults)

    def clear(self, fault_id: str | None = None) -> int:
        """Remove one fault, or all; returns how many went."""
        kept = [f for f in self._faults if fault_id is not None and f.id != fault_id]
        gone = len(self._faults) - len(kept)
        self._faults = kept
        return gone

    def take(self, platform: str, account: str | None, path: str) -> list[Fault]:
        """The faults that hit this call: any latencies and at most one other."""
        if not self._faults:
            return []
        matching = [f for f in self._faults if f.kind not in REVIEW and path_matches(f, path)]
        return _fire(f for f in matching if _owns(f, platform, account))

    def take_review(self, platform: str, account: str) -> list[Fault]:
        """The faults that hit the publication being accepted: at most one of each kind."""
        owned = [f for f in self._faults if f.kind in REVIEW and _owns(f, platform, account)]
        refused = _fire(f for f in owned if f.kind == "refuse_review")
        return refused + _fire(f for f in owned if f.kind == "slow_review")


def path_matches(fault: Fault, path: str) -> bool:
    """True when the fault is meant for this path."""
    return fault.path in path


def _owns(fault: Fault, platform: str, account: str | None) -> bool:
    return fault.platform == platform and fault.account in (None, account)


def _fire(faults: Iterable[Fault]) -> list[Fault]:
    fired: list[Fault] = []
    busy = False  # one answer can only go wrong in one way; latency adds to any of them
    for fault in faults:
        if fault.times == 0:
            continue
        if fault.after > 0:
            fault.after -= 1
            continue
        if fault.kind != "latency" and busy:
            continue
        busy = busy or fault.kind != "latency"
        fault.times -= fault.times > 0
        fault.fired += 1
        fired.append(fault)
    return fired


def _check(data: dict[str, Any]) -> None:
    if data.get("platform") not in PLATFORMS:
        raise FaultError(f"platform must be one of {', '.join(PLATFORMS)}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise FaultError(f"kind must be one of {', '.join(sorted(KINDS))}")
    _check_types(data)
    if kind in _NEEDED and _NEEDED[kind][0] not in data:
        raise FaultError(f"a {kind} fault needs {_NEEDED[kind][0]}")
    if kind == "code" and data["code"] in _ACCEPTING_CODES.get(data["platform"], set()):
        raise FaultError(f"code {data['code']} means accepted: set a slow_review fault instead")
    if kind in ("status_before", "status_after") and not 200 <= data["status"] <= 599:
        raise FaultError("status must be an HTTP status from 200 to 599")
    allowed = (2, 3, 4)
    if kind == "refuse_review" and data.setdefault("status", 4) not in allowed:
        raise FaultError(f"status of refuse_review must be one of {allowed}")


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "platform": (str,),
    "kind": (str,),
    "account": (str, type(None)),
    "path": (str,),
    "times": (int,),
    "after": (int,),
    "seconds": (int, float),
    "status": (int,),
    "code": (int,),
}


def _check_types(data: dict[str, Any]) -> None:
    for name, value in data.items():
        if name not in _TYPES:
            raise FaultError(f"a fault has no field {name!r}")
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise FaultError(f"{name} has the wrong type: {value!r}")
    if data.get("times", 1) < -1 or data.get("times", 1) == 0 or data.get("after", 0) < 0:
        raise FaultError("times must be -1 or at least 1, after at least 0")
