using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;

namespace CvOps.Fleet.Tests.Devices.Liveness;

public sealed class LivenessRuleTests
{
    [Fact]
    public void Wheel_gives_each_item_at_its_tick_whatever_its_turn_and_after_a_long_sleep_everything_that_is_over()
    {
        var (wheel, random, due, got) = (new TimingWheel(), new Random(3), new List<int>(), new Dictionary<int, long>());
        var wanted = Enumerable.Range(0, 2000).ToDictionary(item => item, _ => (long)random.Next(1, 400));
        foreach (var (item, tick) in wanted) wheel.Add(item, tick);
        for (var tick = 1L; tick <= 400; tick++)
        {
            wheel.Advance(tick, due);
            foreach (var item in due) got.Add(item, tick);
            due.Clear();
        }
        Assert.Equal(wanted.OrderBy(pair => pair.Key), got.OrderBy(pair => pair.Key));
        foreach (var item in wanted.Keys) wheel.Add(item, 400 + wanted[item]);
        wheel.Advance(1_000_000, due);
        Assert.Equal(wanted.Keys.Order(), due.Order());
    }

    [Fact]
    public void Every_way_a_connection_comes_and_goes_has_its_reason_once()
    {
        var (told, link) = (new List<ConnectionReason?>(), (Connection?)null);
        void Say(DeviceStatus? status)
        {
            (link, var reason) = ConnectionRule.Next(link, status);
            told.Add(reason);
        }
        Say(null);
        Say(Status(Connectivity.Online, 1));
        Say(Status(Connectivity.Online, 1));
        Say(Status(Connectivity.Offline, 1));
        Say(Status(Connectivity.Offline, 1));
        // What was under way when the broker gave the last will does not bring it back.
        Say(null);
        Say(Status(Connectivity.Online, 1));
        Say(Status(Connectivity.Online, 2));
        link = link!.Value with { Online = false, Silent = true };
        Say(null);
        Assert.Equal([ConnectionReason.FirstHeard, null, null, ConnectionReason.Ended, null, null, ConnectionReason.SaidOnline, ConnectionReason.Restarted, ConnectionReason.HeardAgain], told);
        Assert.Equal(new Connection(true, false, 2), link);
        Assert.Equal(ConnectionReason.Ended, ConnectionRule.Next(null, Status(Connectivity.Offline, 3)).Reason);
    }

    [Fact]
    public void Clock_is_read_from_the_quickest_report_whatever_a_backlog_says()
    {
        Assert.Null(ClockEstimate.Of([20, 30]));
        var plain = ClockEstimate.Of([20, 30, 25, 40, 22, 35, 28, 26])!;
        Assert.Equal((-0.02, 0.008, 8), (plain.Seconds, plain.UncertaintySeconds, plain.Reports));
        // An hour ahead, and half of the reports waited for an hour in a spool.
        var ahead = ClockEstimate.Of([-3_600_000 + 15, 0, 10, -3_600_000 + 40, 5, -3_600_000 + 25, -3_600_000 + 31, -3_600_000 + 18])!;
        Assert.Equal(3599.985, ahead.Seconds, 1e-9);
        Assert.InRange(ahead.UncertaintySeconds, 0, 0.03);
        Assert.Equal(int.MaxValue, ClockEstimate.Sample(long.MaxValue / 2));
    }

    private static DeviceStatus Status(Connectivity connectivity, long boot) => new(new DeviceId("line-1"), connectivity, boot, "1.0");
}
