using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link;

public sealed class ListenersTests
{
    private static readonly string Inspection = LinkRig.Own.Inspection(new CameraId("a"));

    private readonly ManualTime _time = new();

    [Fact]
    public void Where_nobody_ever_listened_a_message_counts_as_delivered() => Assert.False(new Listeners(_time).Missed(Inspection, nobody: true));

    [Fact]
    public void Who_listened_is_waited_for_and_in_the_end_given_up()
    {
        var listeners = new Listeners(_time);
        Assert.False(listeners.Missed(Inspection, nobody: false));
        Assert.True(listeners.Missed(Inspection, nobody: true));
        _time.Advance(Listeners.Patience / 2);
        Assert.True(listeners.Missed(Inspection, nobody: true));
        // Nobody listened to these.
        Assert.False(listeners.Missed(LinkRig.Own.Health, nobody: true));
        _time.Advance(Listeners.Patience);
        Assert.False(listeners.Missed(Inspection, nobody: true));
        Assert.False(listeners.Missed(Inspection, nobody: true));
    }

    [Fact]
    public void Who_is_back_is_waited_for_again()
    {
        var listeners = new Listeners(_time);
        listeners.Missed(Inspection, nobody: false);
        Assert.True(listeners.Missed(Inspection, nobody: true));
        _time.Advance(Listeners.Patience);
        Assert.False(listeners.Missed(Inspection, nobody: false));
        Assert.True(listeners.Missed(Inspection, nobody: true));
    }
}
