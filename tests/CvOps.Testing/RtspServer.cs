using System.Diagnostics;
using System.Globalization;

namespace CvOps.Testing;

/// <summary>A real RTSP server with live cameras, <c>/cam0</c> and on: gst-rtsp-server (rtsp-server.py) in a process of its own.</summary>
public sealed class RtspServer : IAsyncDisposable
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private readonly TestProcess _process;

    private RtspServer(TestProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>When it began to take connections, on the clock of <see cref="Stopwatch.GetTimestamp"/>, which on Linux is CLOCK_MONOTONIC too.</summary>
    public long ServingSince => long.Parse(_process.Output.Split('\n').First(line => line.StartsWith("serving ", StringComparison.Ordinal))["serving ".Length..], CultureInfo.InvariantCulture) / (1_000_000_000 / Stopwatch.Frequency);

    /// <summary>The server's address of a camera.</summary>
    public string Url(int camera = 0) => UrlOf(Port, camera);

    public static string UrlOf(int port, int camera = 0) => string.Create(CultureInfo.InvariantCulture, $"rtsp://127.0.0.1:{port}/cam{camera}");

    /// <summary>Starts it and waits until it takes connections. Skips the test where there is no such server.</summary>
    /// <param name="options">As rtsp-server.py lists them.</param>
    public static async Task<RtspServer> StartAsync(int port, CancellationToken cancellationToken, params string[] options)
    {
        if (!File.Exists(Python)) Skip.Because($"{Python} is needed to serve RTSP.");
        var process = TestProcess.Start(Python, [Path.Combine(AppContext.BaseDirectory, "rtsp-server.py"), port.ToString(CultureInfo.InvariantCulture), .. options]);
        try
        {
            await process.WaitForOutputAsync("serving", StartDeadline, cancellationToken);
            return new RtspServer(process, port);
        }
        catch (InvalidOperationException e)
        {
            await process.DisposeAsync();
            Skip.Because($"No RTSP server here (apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly): {e.Message}");
            throw;
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Sends a process a signal by its name, such as STOP.</summary>
    public static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
