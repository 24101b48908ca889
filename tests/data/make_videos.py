"""Makes the small videos in tests/data/videos again; needs PyAV (the extra `sample`).

Two seconds of plain grey and silence, in each container that is read, the index at the end.
"""

from __future__ import annotations

from pathlib import Path

import av

HERE = Path(__file__).resolve().parent / "videos"
SIDES = (64, 36)
FPS = 25
FRAMES = 50
KINDS = {  # file: container, codec of the picture, codec of the sound, samples a second
    "clip.mp4": ("mp4", "libx264", "aac", 44_100),
    "clip.webm": ("webm", "libvpx-vp9", "libopus", 48_000),
    "clip.mkv": ("matroska", "libx264", "aac", 44_100),
    "clip.avi": ("avi", "mpeg4", None, 0),
    "clip.flv": ("flv", "libx264", "aac", 44_100),
    "sound.m4a": ("mp4", None, "aac", 44_100),
}


def save(name: str) -> None:
    kind, picture, sound, rate = KINDS[name]
    options = {"fflags": "+bitexact"}
    with av.open(str(HERE / name), "w", format=kind, options=options) as container:
        video = container.add_stream(picture, rate=FPS) if picture else None
        audio = container.add_stream(sound, rate=rate) if sound else None
        if video is not None:
            video.width, video.height = SIDES
            video.pix_fmt = "yuv420p"
            for index in range(FRAMES):
                frame = av.VideoFrame(*SIDES, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes([index * 4]) * plane.buffer_size)
                frame.pts = index
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            silence(container, audio, rate)


def silence(container, audio, rate: int) -> None:
    samples = audio.codec_context.frame_size or 1024
    for start in range(0, FRAMES * rate // FPS, samples):
        frame = av.AudioFrame(audio.codec_context.format.name, "stereo", samples)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = rate, start
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for each in KINDS:
        save(each)
