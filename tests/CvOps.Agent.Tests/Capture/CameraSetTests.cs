using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Capture;

[Trait("tier", "integration")]
public sealed class CameraSetTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FramePool _pool = new();
    private readonly FrameQueue _queue = new();
    private readonly HeardLog _log = new();
    private CameraSet? _set;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_camera_is_added_and_removed_while_the_others_run_on()
    {
        var set = await StartAsync(Line("a"));
        await TakeAsync("a", 10);
        await set.AddAsync(Line("b"), Token);
        await TakeAsync("b", 10);
        await Assert.ThrowsAsync<ArgumentException>(() => set.AddAsync(Line("b"), Token));
        Assert.True(await set.RemoveAsync(new CameraId("b"), Token));
        Assert.False(await set.RemoveAsync(new CameraId("b"), Token));
        Assert.Equal("a", Assert.Single(set).Lane.Camera.Value);
        // Every frame of a came, in order, on the connection it had.
        await TakeAsync("a", 30);
        Assert.Equal(0, _lastGap);
        Assert.Equal(1, set.Single().Connections);
    }

    [Fact]
    public async Task A_camera_that_returns_goes_on_counting_where_it_was()
    {
        var set = await StartAsync(Line("a"), Line("b"));
        await TakeAsync("b", 10);
        var inspected = set.First(loop => loop.Lane.Camera.Value == "b").Lane.Meter;
        inspected.Inspected(1, failed: false);
        await set.RemoveAsync(new CameraId("b"), Token);
        await set.AddAsync(Line("b"), Token);
        await Eventually.Async(() =>
        {
            using var frame = Take();
            return frame.Lane.Camera.Value == "b" && frame.Connection == 2;
        }, CameraRig.Deadline, () => "no frame of the second connection", Token);
        Assert.Equal(1, set.Last().Lane.Meter.FramesInspected);
    }

    [Fact]
    public async Task The_configuration_file_is_followed_and_one_with_mistakes_changes_nothing()
    {
        var set = await StartAsync(Line("a"));
        await TakeAsync("a", 5);
        var path = _folder["agent.yaml"];
        using var file = new CameraFile(path, set, TimeProvider.System, _log.For<CameraFile>());
        Write(path, "a", "b");
        Assert.True(await file.ReadAsync(Token));
        await TakeAsync("b", 5);
        Assert.Equal([1, 1], set.Select(loop => loop.Connections));

        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, Token)).Replace("pace: file", "pace: slow", StringComparison.Ordinal), Token);
        Assert.False(await file.ReadAsync(Token));
        Assert.Equal(["a", "b"], set.Select(loop => loop.Lane.Camera.Value));
        Assert.Contains(_log.Lines, line => line.Contains("the cameras stay as they are", StringComparison.Ordinal) && line.Contains("pace", StringComparison.Ordinal));

        Write(path, "b");
        Assert.True(await file.ReadAsync(Token));
        Assert.Equal(["b"], set.Select(loop => loop.Lane.Camera.Value));
        await TakeAsync("b", 5);
        Assert.Equal(1, set.Single().Connections);
    }

    [Fact]
    public void Only_cameras_whose_options_differ_are_touched()
    {
        CameraOptions A(params string[] arguments) => Line("a") with { InputArguments = arguments };
        Assert.True(CameraChanges.Between([A("-x", "1")], [A("-x", "1")]).IsNone);
        var changed = CameraChanges.Between([A("-x", "1"), Line("b"), Line("c")], [A("-x", "2"), Line("b"), Line("d")]);
        Assert.Equal(["a", "c"], changed.Stop.Select(id => id.Value));
        Assert.Equal(["a", "d"], changed.Start.Select(camera => camera.Id.Value));
    }

    public async ValueTask DisposeAsync()
    {
        if (_set is { } set)
        {
            await set.StopAsync(CancellationToken.None);
            set.Dispose();
        }
        _queue.Dispose();
        _folder.Dispose();
        Assert.True(_pool.Outstanding == 0, $"{_pool.Outstanding} frames were not given back: {string.Join(", ", _pool.Owners)}");
    }

    private readonly Dictionary<string, long> _last = [];
    private long _lastGap;

    private async Task<CameraSet> StartAsync(params CameraOptions[] cameras)
    {
        _set = new CameraSet(cameras, _queue, _pool, FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")), TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
        await _set.StartAsync(Token);
        return _set;
    }

    private CameraOptions Line(string id) => new() { Id = new CameraId(id), Url = Video(), Pace = Pace.File, Loop = true };

    private string Video() => File.Exists(_folder["line.mp4"]) ? _folder["line.mp4"] : CameraRig.Video(_folder, "line.mp4", 50);

    private void Write(string path, params string[] ids) => File.WriteAllText(path, $$"""
        site: plant
        device: press-1
        link: { brokers: ['mqtt://localhost:1883'] }
        cameras:
        {{string.Join('\n', ids.Select(id => $"  - {{ id: {id}, url: '{Video()}', pace: file, loop: true }}"))}}
        """);

    private Frame Take()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(CameraRig.Deadline);
        return _queue.Take(patience.Token) ?? throw new TimeoutException("no frame in time");
    }

    /// <summary>Takes frames until so many of this camera have come.</summary>
    private Task TakeAsync(string camera, int count) => Task.Run(() =>
    {
        while (count > 0)
        {
            using var frame = Take();
            var id = frame.Lane.Camera.Value;
            if (_last.TryGetValue(id, out var before) && frame.Number != 0) _lastGap = Math.Max(_lastGap, frame.Number - before - 1);
            _last[id] = frame.Number;
            if (id == camera) count--;
        }
    }, Token);
}
