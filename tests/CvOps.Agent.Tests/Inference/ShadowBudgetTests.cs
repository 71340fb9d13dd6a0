using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Inference;

public sealed class ShadowBudgetTests
{
    [Fact]
    public void With_time_to_spare_the_challenger_is_asked_about_every_frame() => Assert.Equal(1.0, Asked(championMs: 10, challengerMs: 12, periodMs: 40), 0.01);

    [Fact]
    public void Under_load_the_challenger_gets_the_time_that_is_left_and_no_more()
    {
        var asked = Asked(championMs: 30, challengerMs: 30, periodMs: 40);
        // 0.95 of the clock, less the champion's three quarters, over the challenger's three quarters.
        Assert.Equal((0.95 - 0.75) / 0.75, asked, 0.03);
    }

    [Fact]
    public void With_no_time_left_it_is_not_asked_at_all() => Assert.Equal(0, Asked(championMs: 40, challengerMs: 30, periodMs: 40), 0.02);

    [Fact]
    public void Cameras_that_wait_for_us_lose_nothing_so_every_frame_is_asked() => Assert.Equal(1.0, Asked(championMs: 40, challengerMs: 30, periodMs: 70, live: false), 1e-9);

    [Fact]
    public void A_frame_that_is_late_already_is_not_made_later()
    {
        var budget = new ShadowBudget(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 100; i++)
        {
            budget.ChampionRan(10, 100);
            budget.ChallengerRan(10);
        }
        Assert.True(budget.MayAsk(Roomy, ageMs: 70));
        Assert.False(budget.MayAsk(Roomy, ageMs: 90));
    }

    [Fact]
    public void However_much_time_was_saved_no_queue_runs_over()
    {
        var budget = new ShadowBudget(TimeSpan.FromMilliseconds(500));
        for (var i = 0; i < 100; i++)
        {
            budget.ChampionRan(20, 200);
            budget.ChallengerRan(30);
        }
        Assert.True(budget.MayAsk(new QueueRoom(Live: true, Waiting: 0, Milliseconds: 66), ageMs: 20));
        // The next frame waits already: after the challenger it takes its turn, and then the one that comes must find room.
        Assert.False(budget.MayAsk(new QueueRoom(Live: true, Waiting: 1, Milliseconds: 66), ageMs: 20));
        Assert.False(budget.MayAsk(new QueueRoom(Live: true, Waiting: 0, Milliseconds: 33), ageMs: 20));
    }

    [Fact]
    public void A_queue_has_room_by_the_pace_of_its_fullest_live_camera()
    {
        var time = new ManualTime();
        using var queue = new FrameQueue();
        var pool = new FramePool();
        var (live, file) = (Lane("live", Pace.Live), Lane("file", Pace.Fast));
        queue.Add(live);
        queue.Add(file);
        Put(file, 3);
        Assert.Equal(new QueueRoom(Live: true, 3, double.PositiveInfinity), queue.Room);
        Put(live, 30);
        Assert.Equal(new QueueRoom(Live: true, 5, 0), queue.Room);
        for (var i = 0; i < 5; i++) queue.Take(CancellationToken.None)!.Dispose();
        Assert.Equal(80, queue.Room.Milliseconds, 1e-6);
        Put(live, 1);
        Assert.Equal(40, queue.Room.Milliseconds, 1e-6);
        queue.Remove(live);
        Assert.Equal(new QueueRoom(Live: false, 0, double.PositiveInfinity), queue.Room);

        CameraLane Lane(string id, Pace pace) => new(new CameraOptions { Id = new CvOps.Contracts.CameraId(id), Url = "rtsp://test", Pace = pace }, time);

        void Put(CameraLane lane, int frames)
        {
            for (var i = 0; i < frames; i++)
            {
                time.Advance(TimeSpan.FromMilliseconds(40));
                var frame = pool.Rent(8, 8, "test");
                frame.Stamp(lane, 1, i, DateTimeOffset.UnixEpoch, 0, time.GetTimestamp());
                queue.Put(frame, CancellationToken.None);
            }
        }
    }

    private static QueueRoom Roomy => new(Live: true, 0, double.PositiveInfinity);

    private static double Asked(double championMs, double challengerMs, double periodMs, bool live = true)
    {
        var budget = new ShadowBudget(TimeSpan.FromMilliseconds(500));
        var asked = 0;
        const int frames = 2000;
        const int learning = 200;
        for (var frame = 0; frame < frames; frame++)
        {
            budget.ChampionRan(championMs, periodMs);
            if (!budget.MayAsk(Roomy with { Live = live }, championMs)) continue;
            if (frame >= learning) asked++;
            budget.ChallengerRan(challengerMs);
        }
        return asked / (double)(frames - learning);
    }
}
