"""Reading a journal while its recorder writes it, segment by segment, to whatever end there is."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from quorate.core.errors import DamagedError, EncodingError
from quorate.core.filesystem import FileSystem
from quorate.log.journal import (
    CLOSED,
    MAX_FRAME,
    OPENING,
    RECORD,
    RESERVED,
    Frame,
    Opening,
    Tail,
    check_opening,
    parse_frames,
    segment_numbers,
    segment_path,
)

_CHUNK = 2**20  # bytes
_READING = os.O_RDONLY | os.O_CLOEXEC


class Stretch(NamedTuple):
    """Records in a row, and the position in the journal where they and what follows them end."""

    records: list[Frame]
    position: int


@dataclass(slots=True)
class _Place:
    """The segment that is read: its number and descriptor, what was read but is no frame yet."""

    segment: int
    descriptor: int
    opening: Opening
    due: int  # the number of the next record
    offset: int = 0  # bytes of whole frames
    rest: bytes = b""
    bad: bool = False  # whether what follows can be no frame; a source could make it endless


class Follower:
    """Follows one journal; ``number``: the last of its records that the log has."""

    def __init__(self, folder: Path, source: str, number: int, disk: FileSystem) -> None:
        self._folder = folder
        self._source = source
        self._number = number
        self._disk = disk
        self._place: _Place | None = None

    def read(self) -> Stretch | None:
        """What was appended since, at most about a MiB of it; None if nothing was.

        Raises `DamagedError` where records are missing or are not as they were written. The end of
        the last segment may be torn: it is waited for.
        """
        while True:
            place = self._place
            if place is not None and (data := self._more(place)):
                return self._taken(place, data)
            successor = self._successor(place.segment if place else -1)
            if successor is None:
                return None
            if place is not None:
                # What was appended between the two looks, before the recorder went on.
                if data := self._more(place):
                    return self._taken(place, data)
                self._leave(place)
            self._enter(*successor)

    def close(self) -> None:
        """Releases the segment."""
        if self._place is not None:
            self._disk.close(self._place.descriptor)
            self._place = None

    def _more(self, place: _Place) -> bytes:
        return b"" if place.bad else self._disk.read(place.descriptor, _CHUNK)

    def _taken(self, place: _Place, data: bytes) -> Stretch:
        frames, tail = parse_frames(place.rest + data, place.offset)
        place.bad = tail is Tail.BAD
        end = frames[-1].end if frames else place.offset
        place.rest = (place.rest + data)[end - place.offset :]
        place.offset = end
        records = [frame for frame in frames if frame.kind == RECORD]
        for frame in records:
            if frame.number != place.due:
                self._damaged(
                    place.segment, f"record {frame.number} stands where {place.due} is due"
                )
            place.due += 1
        if records:
            self._number = max(self._number, records[-1].number)
        if any(frame.kind not in (RECORD, OPENING, RESERVED, CLOSED) for frame in frames):
            self._damaged(place.segment, "a frame is of an unknown kind")
        return Stretch(records, place.opening.position + end)

    def _successor(self, segment: int) -> tuple[int, Opening] | None:
        """The next segment that has been begun."""
        for number in segment_numbers(self._folder, self._disk):
            if number > segment and (opening := self._opening(number)):
                return number, opening
        return None

    def _opening(self, segment: int) -> Opening | None:
        path = segment_path(self._folder, segment)
        try:
            descriptor = self._disk.open(str(path), _READING)
        except FileNotFoundError:  # an empty one, removed by a recorder that opens
            return None
        try:
            frames, _ = parse_frames(self._disk.read(descriptor, MAX_FRAME))
        finally:
            self._disk.close(descriptor)
        if not frames:
            return None
        try:
            opening = Opening.parse(frames[0])
        except EncodingError as error:
            self._damaged(segment, error.message)
        check_opening(opening, self._source, path)
        return opening

    def _enter(self, segment: int, opening: Opening) -> None:
        if opening.after > self._number and not self._lost_from(segment):
            self._damaged(
                segment,
                f"records {self._number + 1} to {opening.after} are neither here nor logged",
            )
        path = str(segment_path(self._folder, segment))
        descriptor = self._disk.open(path, _READING)
        self._place = _Place(segment, descriptor, opening, opening.first)

    def _lost_from(self, segment: int) -> bool:
        """Whether the recorder says, from ``segment`` on, that a power cut took records."""
        numbers = segment_numbers(self._folder, self._disk)
        openings = (self._opening(number) for number in numbers if number >= segment)
        return any(opening is not None and opening.lost for opening in openings)

    def _leave(self, place: _Place) -> None:
        """Nothing may be left of a segment that has a successor; its recorder cuts torn ends."""
        if self._disk.fstat(place.descriptor).st_size > place.offset:
            self._damaged(place.segment, f"what follows byte {place.offset} is no frame")
        self.close()

    def _damaged(self, segment: int, why: str) -> NoReturn:
        path = segment_path(self._folder, segment)
        raise DamagedError(
            f"could not collect journal {path}: {why}",
            remedy="keep the folder for whoever looks into it, and record under a new source",
            file=str(path),
        )
