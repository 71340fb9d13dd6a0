using System.Diagnostics;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>A real RTSP server with one live camera, <c>/cam0</c>: gst-rtsp-server in a process of its own.</summary>
internal static class RtspServer
{
    private const string Script = """
        import gi, sys
        gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')
        from gi.repository import Gst, GstRtspServer, GLib
        Gst.init(None)
        server = GstRtspServer.RTSPServer(); server.set_service(sys.argv[1]); server.set_address('127.0.0.1')
        factory = GstRtspServer.RTSPMediaFactory(); factory.set_shared(True)
        factory.set_launch('( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96 config-interval=1 mtu=%s )' % sys.argv[2])
        server.get_mount_points().add_factory('/cam0', factory)

        class Loss:
            # Every n-th packet goes missing between payloader and network: its sequence number is never seen.
            def __init__(self, every): self.every = every; self.count = 0
            def configure(self, factory, media):
                if self.every: media.get_element().get_by_name('pay0').get_static_pad('src').add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.probe)
            def probe(self, pad, info):
                self.count += 1
                return Gst.PadProbeReturn.DROP if self.count % self.every == 0 else Gst.PadProbeReturn.OK
        loss = Loss(int(sys.argv[3])); factory.connect('media-configure', loss.configure)
        server.attach(None)
        print('serving', flush=True); GLib.MainLoop().run()
        """;

    /// <param name="loseEvery">Every so many-th packet is lost; 0 for none.</param>
    /// <param name="mtu">Largest packet, bytes.</param>
    public static async Task<TestProcess> StartAsync(int port, int loseEvery = 0, int mtu = 1400)
    {
        if (!File.Exists("/usr/bin/python3") || TestProcess.Find("ffmpeg") is null) Skip.Because("/usr/bin/python3 and ffmpeg are needed to serve RTSP.");
        var server = TestProcess.Start("/usr/bin/python3", ["-c", Script, $"{port}", $"{mtu}", $"{loseEvery}"]);
        try
        {
            await server.WaitForOutputAsync("serving", TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            return server;
        }
        catch (InvalidOperationException e)
        {
            await server.DisposeAsync();
            Skip.Because($"No RTSP server here (apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-ugly): {e.Message}");
            throw;
        }
    }

    public static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process}"]);
        kill.WaitForExit();
    }
}
