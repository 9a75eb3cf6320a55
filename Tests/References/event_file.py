"""The bytes of a small event file as TensorBoard itself writes it, in hexadecimal: what EventFileTests expects.

Run by: python Tests/References/event_file.py   (needs tensorboard)
"""
import io

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def summary(**values):
    return Summary(value=[Summary.Value(tag=tag.replace("__", "/"), simple_value=value) for tag, value in values.items()])


def main():
    sink = io.BytesIO()
    writer = RecordWriter(sink)
    for event in [
        Event(wall_time=1700000000.5, file_version="brain.Event:2"),
        Event(wall_time=1700000002.25, step=1, summary=summary(loss=0.6931472, metrics__margin=-1.5)),
        Event(wall_time=1700000004.0, step=300, summary=summary(loss=0.25)),
    ]:
        writer.write(event.SerializeToString())
    print(sink.getvalue().hex())


if __name__ == "__main__":
    main()
