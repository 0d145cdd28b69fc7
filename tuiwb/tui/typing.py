"""Keys, one after the other: each is done with before the next is told where it goes. Mixed into
the app.

Textual gives a key to whoever has the focus when it comes. Of keys that come together, as those do
that were typed while the line stood still, all would go where the focus was before the first: what
is typed after ``/`` would never reach the filter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events

from tuiwb.tui.terminal import FLOOD

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

STUCK = 1.0
"""Seconds after which a key is no longer waited for: whoever had it may be gone."""


class Typing:
    """What `Workbench` does for keys that come together."""

    _typed_ahead: deque[events.Key | events.Paste]
    _key_given: float | None = None
    """When the key was given out that is not done with yet."""

    if TYPE_CHECKING:
        call_later: Any
        set_timer: Any
        focused: Any
        screen: Any

        async def on_event(self, event: events.Event) -> None: ...

    def key_waits(self, event: events.Key | events.Paste) -> bool:
        """Whether the event has to wait for a key before it: it comes again when that is done.
        What is typed farther ahead than anybody types is dropped."""
        if self._key_given is None:
            return False
        letter = isinstance(event, events.Key) and event.is_printable
        if not letter or len(self._typed_ahead) < FLOOD:
            self._typed_ahead.append(event)
        if len(self._typed_ahead) == 1:
            self.set_timer(STUCK, self._look_for_key)
        return True

    @asynccontextmanager
    async def giving_key(self) -> AsyncIterator[None]:
        """Within it a key is given to who has the focus; it rises from there to the app."""
        self._key_given, has_it = monotonic(), self.focused or self.screen
        yield
        self._follow_key(has_it)

    def _follow_key(self, node: MessagePump) -> None:
        """What a node is to call later it calls after it had the key, and handed it on."""
        if not node.call_later(self._key_rises, node):
            self._key_rises(node)

    def _key_rises(self, node: MessagePump) -> None:
        if node._parent is None:
            # what the key did may have asked for the focus to move, which the app does next
            self.call_later(self._key_done)
        else:
            self._follow_key(node._parent)

    async def _key_done(self) -> None:
        self._key_given = None
        if self._typed_ahead:
            await self.on_event(self._typed_ahead.popleft())

    async def _look_for_key(self) -> None:
        if self._key_given is not None and monotonic() - self._key_given >= STUCK:
            await self._key_done()
        if self._typed_ahead:
            self.set_timer(STUCK, self._look_for_key)
