using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link;

public sealed class HeldAcknowledgementsTests
{
    private readonly ManualTime _time = new();
    private readonly List<(SpoolClass, long)> _released = [];

    private HeldAcknowledgements Held => field ??= new HeldAcknowledgements(TimeSpan.FromSeconds(8), _time, (of, position) => _released.Add((of, position)));

    [Fact]
    public void A_message_is_let_go_by_an_acknowledgement_that_comes_after_the_broker_had_time_to_save_it()
    {
        Held.Add(SpoolClass.Results, 1);
        Held.Add(SpoolClass.Frames, 1);
        _time.Advance(TimeSpan.FromSeconds(5));
        Held.Add(SpoolClass.Results, 2);
        // Time alone proves nothing: the broker may be dead.
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(_released);
        Held.Add(SpoolClass.Control, 1);
        Assert.Equal([(SpoolClass.Results, 2), (SpoolClass.Frames, 1)], _released);
    }

    [Fact]
    public void Newer_ones_stay()
    {
        Held.Add(SpoolClass.Results, 1);
        _time.Advance(TimeSpan.FromSeconds(5));
        Held.Add(SpoolClass.Results, 2);
        _time.Advance(TimeSpan.FromSeconds(4));
        Held.Add(SpoolClass.Results, 3);
        Assert.Equal([(SpoolClass.Results, 1)], _released);
    }

    [Fact]
    public void What_is_held_when_the_connection_is_lost_is_never_let_go()
    {
        Held.Add(SpoolClass.Results, 1);
        Held.Forget();
        _time.Advance(TimeSpan.FromSeconds(60));
        Held.Add(SpoolClass.Frames, 1);
        Assert.Empty(_released);
    }

    [Fact]
    public void A_broker_that_saves_first_is_believed_at_once()
    {
        new HeldAcknowledgements(TimeSpan.Zero, _time, (of, position) => _released.Add((of, position))).Add(SpoolClass.Results, 7);
        Assert.Equal([(SpoolClass.Results, 7)], _released);
    }
}
