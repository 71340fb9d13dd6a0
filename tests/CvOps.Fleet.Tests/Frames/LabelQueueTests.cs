using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames.Queue;

namespace CvOps.Fleet.Tests.Frames;

public sealed class LabelQueueTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void An_unsure_frame_is_worth_more_than_a_sure_one_a_novel_one_more_than_a_known_and_a_rare_draw_more_than_a_certain()
    {
        var unsure = LabelValue.Worth(FrameRows.View("a", margin: 0.1));
        Assert.True(unsure > LabelValue.Worth(FrameRows.View("a", margin: 0.9)));
        Assert.True(LabelValue.Worth(FrameRows.View("a", margin: 0.1, rule: "novelty")) > unsure);
        Assert.Equal(10 * unsure, LabelValue.Worth(FrameRows.View("a", margin: 0.1, inclusion: 1e-4)), 9);
        Assert.Equal(unsure, LabelValue.Worth(FrameRows.View("a", margin: 0.1, inclusion: double.NaN)), 9);
    }

    [Fact]
    public async Task Frames_on_which_models_disagree_come_first_and_those_of_a_running_rollout_before_them()
    {
        using var rows = new FrameRows();
        var disputed = FrameRows.View("disputed", margin: 0.9) with { Shadow = Shadow('b') };
        var trial = FrameRows.View("trial", margin: 0.9) with { Shadow = Shadow('c') };
        await rows.AddAsync(FrameRows.View("unsure", margin: 0), disputed, trial);
        await rows.Database.WriteAsync(connection => Dapper.SqlMapper.Execute(connection, "INSERT INTO devices (id, site, last_seen, trial) VALUES ('press-1', 'plant', 0, @trial)", new { trial = new string('c', 64) }), Cancel);
        Assert.Equal(["trial", "disputed", "unsure"], await QueueAsync(rows));
    }

    [Fact]
    public async Task A_camera_with_many_hard_frames_leaves_room_for_the_others()
    {
        using var rows = new FrameRows();
        await rows.AddAsync([.. Enumerable.Range(0, 50).Select(i => FrameRows.View($"hard-{i:00}", margin: 0.001 * i)), .. Enumerable.Range(0, 3).Select(i => FrameRows.View($"mild-{i}", camera: "side", margin: 0.5))]);
        // Worth twice as much: two places to one.
        var queue = await QueueAsync(rows, limit: 9);
        Assert.Equal(3, queue.Count(id => id.StartsWith("mild", StringComparison.Ordinal)));
        Assert.Equal(["hard-00", "hard-01"], queue.Where(id => id.StartsWith("hard", StringComparison.Ordinal)).Take(2));
    }

    [Fact]
    public async Task A_camera_that_got_many_labels_comes_behind_one_that_got_none()
    {
        using var rows = new FrameRows();
        FrameView[] old = [.. Enumerable.Range(0, 20).Select(i => FrameRows.View($"old-{i}", margin: 0.4))];
        await rows.AddAsync([.. old, FrameRows.View("new", camera: "side", margin: 0.5)]);
        foreach (var frame in old.Take(15)) await rows.LabelAsync(frame, new FrameLabel("ok", [], "Ann", FrameRows.Noon));
        Assert.Equal("new", (await QueueAsync(rows))[0]);
    }

    [Fact]
    public async Task The_queue_goes_on_where_a_page_ended_and_shows_each_frame_once()
    {
        using var rows = new FrameRows();
        var shadow = Shadow('b');
        await rows.AddAsync([.. Enumerable.Range(0, 60).Select(i => FrameRows.View($"f{i:00}", camera: $"c{i % 3}", margin: i / 60.0) with { Shadow = i % 10 == 0 ? shadow : null }), FrameRows.View("loose", device: null)]);
        var all = await QueueAsync(rows, limit: 200);
        var paged = new List<string>();
        string? after = null;
        do
        {
            var page = await new LabelQueue(rows.Database).PageAsync(FrameQuery.Waiting(7) with { After = after }, Cancel);
            paged.AddRange(page.Frames.Select(frame => frame.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(61, all.Count);
        Assert.Equal(all, paged);
    }

    private static ShadowPrediction Shadow(char digest) => new(new ModelRef("line", "2", new string(digest, 64)), new Prediction { Class = "dent", Confidence = 0.7, Margin = 0.5 });

    private static async Task<List<string>> QueueAsync(FrameRows rows, int limit = 50) =>
        [.. (await new LabelQueue(rows.Database).PageAsync(FrameQuery.Waiting(limit), Cancel)).Frames.Select(frame => frame.Id)];
}
