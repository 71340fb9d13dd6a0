using CvOps.Contracts.Telemetry;
using CvOps.Vision.Tracking;

namespace CvOps.Shared.Tests.Tracking;

/// <summary>Objects on known ways.</summary>
public sealed class ByteTrackerTests
{
    private readonly ByteTracker _tracker = new(new ByteTrackOptions());

    [Fact]
    public void Two_that_cross_keep_their_names()
    {
        var (left, right) = (new HashSet<long?>(), new HashSet<long?>());
        for (var frame = 0; frame < 80; frame++)
        {
            var a = Box(100 + 6 * frame, 100 + frame);
            var b = Box(580 - 6 * frame, 150 - frame);
            // The list's order says nothing.
            _tracker.Update(frame % 2 == 0 ? [a, b] : [b, a]);
            left.Add(a.Track);
            right.Add(b.Track);
        }
        Assert.Single(left);
        Assert.Single(right);
        Assert.NotEqual(left.Single(), right.Single());
    }

    [Fact]
    public void One_half_hidden_is_followed_by_its_low_score()
    {
        var names = new HashSet<long?>();
        for (var frame = 0; frame < 60; frame++)
        {
            var box = Box(50 + 4 * frame, 100, score: frame is > 20 and < 35 ? 0.2 : 0.9);
            _tracker.Update([box]);
            names.Add(box.Track);
        }
        Assert.Equal([1L], names.Select(name => name ?? 0));
    }

    [Fact]
    public void A_low_score_alone_is_nothing()
    {
        for (var frame = 0; frame < 10; frame++)
        {
            var box = Box(50, 50, score: 0.3);
            _tracker.Update([box]);
            Assert.Null(box.Track);
        }
        Assert.Equal(0, _tracker.Followed);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(25, true)]
    [InlineData(40, false)]
    public void One_that_was_hidden_is_found_again_where_it_was_going_unless_that_is_too_long_ago(int framesHidden, bool same)
    {
        long? before = null;
        for (var frame = 0; frame < 40; frame++)
        {
            var box = Box(50 + 3 * frame, 100);
            _tracker.Update([box]);
            before = box.Track;
        }
        for (var frame = 0; frame < framesHidden; frame++) _tracker.Update([]);
        Detection again = null!;
        for (var frame = 0; frame < 3; frame++)
        {
            again = Box(50 + 3 * (40 + framesHidden + frame), 100);
            _tracker.Update([again]);
        }
        Assert.NotNull(again.Track);
        Assert.Equal(same, again.Track == before);
    }

    [Fact]
    public void What_is_seen_once_gets_no_name()
    {
        _tracker.Update([]);
        var ghost = Box(10, 10);
        _tracker.Update([ghost]);
        _tracker.Update([]);
        Assert.Equal((null, 0), (ghost.Track, _tracker.Followed));
        var real = Box(10, 10);
        _tracker.Update([real]);
        _tracker.Update([real]);
        Assert.Equal(2, real.Track);
    }

    [Fact]
    public void Another_class_is_another_object_unless_told_otherwise()
    {
        var across = new ByteTracker(new ByteTrackOptions { AcrossClasses = true });
        var (cup, bottle) = (Box(10, 10, cls: "cup"), Box(11, 10, cls: "bottle"));
        _tracker.Update([cup]);
        _tracker.Update([bottle]);
        Assert.Equal((1L, null), (cup.Track, bottle.Track));
        across.Update([cup]);
        across.Update([bottle]);
        Assert.Equal((1, 1), (cup.Track, bottle.Track));
    }

    [Fact]
    public void Boxes_without_area_are_passed_over()
    {
        Detection[] boxes = [new("part", 0.9, 5, 5, 0, 10), new("part", 0.9, 5, 5, 10, -1), new("part", 0.9, double.NaN, 5, 10, 10)];
        for (var frame = 0; frame < 3; frame++) _tracker.Update(boxes);
        var sound = Box(100, 100);
        for (var frame = 0; frame < 3; frame++) _tracker.Update([.. boxes, sound]);
        Assert.Equal(1, boxes.Append(sound).Count(box => box.Track is not null));
    }

    [Fact]
    public void A_new_picture_is_a_new_world_and_numbers_go_on()
    {
        var box = Box(10, 10);
        _tracker.Update([box]);
        Assert.Equal(1, box.Track);
        _tracker.Reset();
        _tracker.Update([box]);
        _tracker.Update([box]);
        Assert.Equal(2, box.Track);
    }

    [Fact]
    public void Nothing_is_allocated_a_frame()
    {
        var random = new Random(1);
        var boxes = Enumerable.Range(0, 40).Select(i => Box(20 + 15 * i, 50 + i % 5 * 60)).ToList();
        for (var frame = 0; frame < 300; frame++) Frame();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var frame = 0; frame < 300; frame++) Frame();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Frame()
        {
            foreach (var box in boxes)
            {
                // Some wander, some vanish for a while, some come and go.
                box.X += random.NextDouble() * 4 - 2;
                box.Score = random.Next(6) switch { 0 => 0.05, 1 => 0.3, _ => 0.9 };
            }
            _tracker.Update(boxes);
        }
    }

    private static Detection Box(double x, double y, double score = 0.9, string cls = "part") => new(cls, score, x, y, 40, 60);
}
