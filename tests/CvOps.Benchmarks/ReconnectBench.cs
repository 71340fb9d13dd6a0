using System.Diagnostics;
using System.Globalization;
using CvOps.Agent;
using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>
/// Cameras that go and come back. First, real RTSP servers are killed and started again while another camera runs on: how long after a server
/// takes connections its first new frame is there, and what the other camera loses meanwhile. A server that was just started begins with a key
/// frame, so there is no key-frame interval to subtract. Then, many connections that end after one picture: what stays behind of them.
/// </summary>
internal static class ReconnectBench
{
    private const int Victims = 2;
    private const int Outages = 30;
    private const int Loops = 8;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    // Ten thousand reconnects take a quarter of an hour; a test of the slow tier makes them.
    private static readonly TimeSpan ShortLived = TimeSpan.FromSeconds(100);
    private static readonly FfmpegPrograms Programs = FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"));

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        // As the agent does.
        NativeHeap.KeepSmall();
        return [.. await OutagesAsync(), .. await ManyAsync()];
    }

    private static async Task<Figure[]> OutagesAsync()
    {
        await using var rig = new Rig();
        int[] ports = [.. Enumerable.Range(0, Victims).Select(_ => TestProcess.FreePort())];
        await using var other = await RtspServer.StartAsync(TestProcess.FreePort(), CancellationToken.None);
        var bystander = await rig.AddAsync("other", other.Url());
        var victims = await Task.WhenAll(ports.Select((port, i) => rig.AddAsync($"victim-{i}", RtspServer.UrlOf(port))));
        RtspServer[] servers = await Task.WhenAll(ports.Select(port => RtspServer.StartAsync(port, CancellationToken.None)));
        foreach (var camera in victims.Append(bystander)) await camera.NextAsync(Longest);

        // The same load without outages: what the other camera gets then.
        await Task.Delay(TimeSpan.FromSeconds(2));
        var undisturbed = await RateAsync(bystander, () => Task.Delay(Before));
        var chance = new Random(7);
        List<double> seconds = [];
        var meanwhile = await RateAsync(bystander, async () =>
        {
            for (var outage = 0; outage < Outages; outage++)
            {
                await Task.WhenAll(Enumerable.Range(0, Victims).Select(async i =>
                {
                    await servers[i].DisposeAsync();
                    // Short and long outages: a knock must not be in step with them.
                    await Task.Delay(TimeSpan.FromSeconds(0.2 + 2.5 * chance.NextDouble()));
                    var next = victims[i].NextConnection();
                    servers[i] = await RtspServer.StartAsync(ports[i], CancellationToken.None);
                    var first = await next.WaitAsync(Longest);
                    lock (seconds) seconds.Add(Math.Max(0, Stopwatch.GetElapsedTime(servers[i].ServingSince, first).TotalSeconds));
                }));
                if (outage % 10 == 9) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds.Count} outages: back after {seconds.Order().ElementAt(seconds.Count / 2):0.00} s (median), {seconds.Max():0.00} s (longest)"));
            }
        });
        foreach (var server in servers) await server.DisposeAsync();
        var p99 = seconds.Order().ElementAt((int)Math.Ceiling(0.99 * seconds.Count) - 1);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The other camera: {undisturbed:0.00} frames/s before, {meanwhile:0.00} during {seconds.Count} outages."));
        return
        [
            Figure.AtMost($"camera back to first new frame, p99 of {seconds.Count}, s", p99, 1, "gst-rtsp-server killed and restarted; no key-frame wait to subtract"),
            Figure.AtLeast("other camera's FPS during the outages / before", meanwhile / undisturbed, 0.99, "the same camera, same run"),
        ];
    }

    /// <summary>Connections that end after one picture, several cameras at once.</summary>
    private static async Task<Figure[]> ManyAsync()
    {
        await using var source = OnePictureCamera.Start();
        await using var rig = new Rig();
        var cameras = new List<BenchCamera>();
        for (var i = 0; i < Loops; i++) cameras.Add(await rig.AddAsync($"short-{i}", source.Url, "-f", "mjpeg"));
        int Total() => cameras.Sum(camera => camera.Loop.Connections);
        // Every path has been taken, every pool is filled.
        while (Total() < 40 * Loops) await Task.Delay(50);
        var (from, before, pictures) = (Total(), ProcessFootprint.Now(), cameras.Sum(camera => camera.Frames));
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < ShortLived) await Task.Delay(50);
        var (reconnects, after) = (Total() - from, ProcessFootprint.Now());
        if (cameras.Sum(camera => camera.Frames) - pictures < reconnects / 2) throw new InvalidOperationException($"Connections gave no pictures: {cameras[0].Loop.TakeHealth().Problem}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reconnects} reconnects in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s: {before} before, {after} after"));
        return
        [
            Figure.AtMost($"threads gained over {reconnects} reconnects", after.Threads - before.Threads, 0, "the same process before them"),
            Figure.AtMost($"file descriptors gained over {reconnects} reconnects", after.Files - before.Files, 0, "the same process before them"),
            Figure.AtMost($"resident memory gained over {reconnects} reconnects, MB", after.Megabytes - before.Megabytes, 4, "the same process before them"),
        ];
    }

    private static async Task<double> RateAsync(BenchCamera camera, Func<Task> meanwhile)
    {
        var (from, started) = (camera.Frames, Stopwatch.GetTimestamp());
        await meanwhile();
        return (camera.Frames - from) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Cameras, their queue, and a consumer that notes what comes.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly FrameQueue _queue = new();
        private readonly FramePool _pool = new();
        private readonly List<BenchCamera> _cameras = [];
        private readonly Task _consumer;

        public Rig() => _consumer = Task.Factory.StartNew(Consume, TaskCreationOptions.LongRunning);

        public async Task<BenchCamera> AddAsync(string id, string url, params string[] arguments)
        {
            var lane = new CameraLane(new CameraOptions { Id = new CameraId(id), Url = url, FrozenAfter = TimeSpan.Zero, InputArguments = arguments }, TimeProvider.System);
            var camera = new BenchCamera(new CameraLoop(lane, _queue, _pool, Programs, TimeProvider.System, Random.Shared, NullLogger<CameraLoop>.Instance));
            lock (_cameras) _cameras.Add(camera);
            _queue.Add(lane);
            await camera.Loop.StartAsync(CancellationToken.None);
            return camera;
        }

        public async ValueTask DisposeAsync()
        {
            await Task.WhenAll(_cameras.Select(camera => camera.Loop.StopAsync(CancellationToken.None)));
            _queue.Dispose();
            await _consumer;
            foreach (var camera in _cameras) camera.Loop.Dispose();
        }

        private void Consume()
        {
            while (_queue.Take(CancellationToken.None) is { } frame)
            {
                using (frame)
                {
                    BenchCamera? camera;
                    lock (_cameras) camera = _cameras.Find(it => it.Loop.Lane == frame.Lane);
                    camera?.Saw(frame);
                }
            }
        }
    }

    private sealed class BenchCamera(CameraLoop loop)
    {
        private readonly Lock _gate = new();
        private TaskCompletionSource<long>? _next;
        private int _connection;
        private long _frames;

        public CameraLoop Loop => loop;

        public long Frames => Interlocked.Read(ref _frames);

        /// <summary>When the first frame of a connection later than the present one came.</summary>
        public Task<long> NextConnection()
        {
            lock (_gate) return (_next = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        public async Task NextAsync(TimeSpan patience)
        {
            var deadline = Stopwatch.GetTimestamp();
            while (Frames == 0)
            {
                if (Stopwatch.GetElapsedTime(deadline) > patience) throw new TimeoutException($"{loop.Lane.Camera} sent no frame: {loop.TakeHealth().Problem}");
                await Task.Delay(20);
            }
        }

        public void Saw(Frame frame)
        {
            Interlocked.Increment(ref _frames);
            lock (_gate)
            {
                if (frame.Connection == _connection) return;
                _connection = frame.Connection;
                _next?.TrySetResult(frame.ReceivedTimestamp);
                _next = null;
            }
        }
    }
}
