"""RTSP cameras for tests: rtsp-server.py PORT [--cameras N] [--size WxH] [--rate FPS] [--key-frames N] [--mtu BYTES] [--lose-every N] [--no-reports] [--codec vp8]

Serves /cam0, /cam1...: a moving picture, H.264 or VP8, encoded once however many clients there are.
SIGUSR1 makes it lose five of a hundred packets, SIGUSR2 ends that. Prints "serving" and the time of CLOCK_MONOTONIC in nanoseconds when it takes connections. Needs gir1.2-gst-rtsp-server-1.0, python3-gi, gstreamer1.0-plugins-good, -bad and -ugly.
"""
import argparse
import random
import signal
import time
import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer

options = argparse.ArgumentParser(description=__doc__)
options.add_argument('port')
options.add_argument('--cameras', type=int, default=1)
options.add_argument('--size', default='320x240')
options.add_argument('--rate', type=int, default=30)
options.add_argument('--key-frames', type=int, default=15, help='frames from one key frame to the next')
options.add_argument('--mtu', type=int, default=1400)
options.add_argument('--lose-every', type=int, default=0, help='every N-th packet goes missing between payloader and network: its sequence number is never seen')
options.add_argument('--codec', choices=['h264', 'vp8'], default='h264')
options.add_argument('--no-reports', action='store_true', help='send no RTCP sender reports')
arguments = options.parse_args()
width, height = arguments.size.split('x')

PIPELINE = (
    '( videotestsrc is-live=true pattern=smpte75 horizontal-speed=2 ! video/x-raw,format=I420,width={width},height={height},framerate={rate}/1'
    ' ! {codec} )')
CODECS = {
    'h264': 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max={key} bitrate=800 ! h264parse config-interval=1'
            ' ! rtph264pay name=pay0 pt=96 config-interval=1 mtu={mtu}',
    'vp8': 'vp8enc deadline=1 keyframe-max-dist={key} ! rtpvp8pay name=pay0 pt=96 mtu={mtu}',
}


class Loss:
    """Packets that go missing between payloader and network: their sequence numbers are never seen."""
    def __init__(self, every):
        self.every = every
        self.count = 0
        self.percent = 0

    def configure(self, factory, media):
        pad = media.get_element().get_by_name('pay0').get_static_pad('src')
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.probe)

    def probe(self, pad, info):
        self.count += 1
        lost = self.every and self.count % self.every == 0 or random.randrange(100) < self.percent
        return Gst.PadProbeReturn.DROP if lost else Gst.PadProbeReturn.OK

    def set(self, percent):
        self.percent = percent
        return GLib.SOURCE_CONTINUE


Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service(arguments.port)
loss = Loss(arguments.lose_every)
GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGUSR1, loss.set, 5)
GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGUSR2, loss.set, 0)
for camera in range(arguments.cameras):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_enable_rtcp(not arguments.no_reports)
    factory.set_launch(PIPELINE.format(width=width, height=height, rate=arguments.rate, codec=CODECS[arguments.codec].format(key=arguments.key_frames, mtu=arguments.mtu)))
    factory.connect('media-configure', loss.configure)
    server.get_mount_points().add_factory('/cam%d' % camera, factory)
server.attach(None)
print('serving %d' % time.monotonic_ns(), flush=True)
GLib.MainLoop().run()
