using CvOps.Agent.Actuation;

namespace CvOps.Agent.Tests.Actuation;

public sealed class EncoderTrackTests
{
    [Fact]
    public void Where_the_belt_was_is_known_to_a_count_whatever_its_speed()
    {
        var track = new EncoderTrack();
        var edges = new List<TimeSpan>();
        var at = TimeSpan.FromSeconds(1);
        // 10 kHz for 2 s, then slowing down to 20 Hz.
        for (var i = 0; i < 25_000; i++)
        {
            edges.Add(at);
            track.Edge(at);
            at += i < 20_000 ? TimeSpan.FromMicroseconds(100) : TimeSpan.FromMicroseconds(100 + (i - 20_000) * 10);
        }
        Assert.Equal(25_000, track.Position);
        var last = edges[^1];
        for (var ago = TimeSpan.Zero; ago < TimeSpan.FromSeconds(3); ago += TimeSpan.FromMilliseconds(0.7))
        {
            var moment = last - ago;
            var truth = edges.BinarySearch(moment) is var found && found >= 0 ? found + 1 : ~found;
            // Edges between two samples are taken to be evenly spread: at 10 kHz a sample holds ten of them.
            Assert.InRange(track.PositionAt(moment), truth - 10, truth + 10);
        }
    }

    [Fact]
    public void A_belt_that_has_not_moved_is_where_it_was()
    {
        var track = new EncoderTrack();
        Assert.Equal(0, track.PositionAt(TimeSpan.FromSeconds(5)));
        track.Edge(TimeSpan.FromSeconds(10));
        Assert.Equal((0, 1, 1), (track.PositionAt(TimeSpan.FromSeconds(9)), track.PositionAt(TimeSpan.FromSeconds(10)), track.PositionAt(TimeSpan.FromSeconds(60))));
    }

    [Fact]
    public void What_is_too_long_ago_is_the_oldest_that_is_remembered()
    {
        var track = new EncoderTrack();
        for (var i = 0; i < 10_000; i++) track.Edge(TimeSpan.FromMilliseconds(i * 2));
        Assert.Equal(10_000 - 4096 + 1, track.PositionAt(TimeSpan.Zero));
    }
}
