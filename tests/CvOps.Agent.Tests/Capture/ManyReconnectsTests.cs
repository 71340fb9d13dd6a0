using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Capture;

/// <summary>Cameras that break off after each picture, thousands of times.</summary>
[Trait("tier", "slow"), Collection("agent process")]
public sealed class ManyReconnectsTests
{
    private const int Reconnects = 10_000;
    private const string OneArena = "MALLOC_ARENA_MAX";
    private const int Cameras = 12;
    private const int WarmUp = 1000;
    private const int Parts = 5;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(40);

    [Fact]
    public async Task Ten_thousand_reconnects_leave_no_thread_no_file_and_no_memory_behind()
    {
        if (Environment.GetEnvironmentVariable(OneArena) is null)
        {
            // In a process of its own, with the environment that the systemd unit gives the agent.
            await using var child = TestProcess.StartAssembly(typeof(ManyReconnectsTests).Assembly.Location, ["-showLiveOutput", "-class", typeof(ManyReconnectsTests).FullName!], new Dictionary<string, string?> { [OneArena] = "1" });
            var exit = await child.WaitForExitAsync(Deadline, TestContext.Current.CancellationToken);
            TestContext.Current.TestOutputHelper?.WriteLine(child.Output);
            Assert.True(exit == 0, child.Output);
            return;
        }
        await using var source = OnePictureCamera.Start();
        using var queue = new FrameQueue();
        var pool = new FramePool();
        CameraOptions[] cameras = [.. Enumerable.Range(0, Cameras).Select(i => new CameraOptions { Id = new CameraId($"cam-{i}"), Url = source.Url, InputArguments = ["-f", "mjpeg"], FrozenAfter = TimeSpan.Zero })];
        using var set = new CameraSet(cameras, queue, pool, FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")), TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var pictures = 0;
        var consumer = Task.Factory.StartNew(() =>
        {
            while (queue.Take(stop.Token) is { } frame)
            {
                frame.Dispose();
                pictures++;
            }
        }, TaskCreationOptions.LongRunning);
        await set.StartAsync(TestContext.Current.CancellationToken);
        try
        {
            // Every path taken, every pool filled, every method compiled to its end.
            await UntilAsync(WarmUp);
            var before = await AtRestAsync();
            for (var part = 1; part <= Parts; part++)
            {
                await UntilAsync(WarmUp + part * (Reconnects / Parts));
                TestContext.Current.TestOutputHelper?.WriteLine($"{part * (Reconnects / Parts)}: {await AtRestAsync()}");
            }
            var after = await AtRestAsync();
            Assert.True(after.Threads <= before.Threads && after.Files <= before.Files && after.ManagedMegabytes <= before.ManagedMegabytes + 0.5 && after.Megabytes <= before.Megabytes + 2, $"{before} before, {after} after");
            Assert.True(pictures > Reconnects * 0.9, $"only {pictures} pictures came");
        }
        finally
        {
            await set.StopAsync(CancellationToken.None);
            await stop.CancelAsync();
            await consumer;
        }
        queue.Dispose();
        Assert.Equal(0, pool.Outstanding);

        // Cameras come and go while we look: without any of them nothing moves.
        async Task<ProcessFootprint> AtRestAsync()
        {
            await set.ChangeToAsync([], TestContext.Current.CancellationToken);
            var footprint = ProcessFootprint.Now();
            await set.ChangeToAsync(cameras, TestContext.Current.CancellationToken);
            return footprint;
        }

        Task UntilAsync(int connections) => Eventually.Async(() => set.Sum(loop => loop.Connections) >= connections, Deadline, () => $"{set.Sum(loop => loop.Connections)} connections", TestContext.Current.CancellationToken);
    }
}
