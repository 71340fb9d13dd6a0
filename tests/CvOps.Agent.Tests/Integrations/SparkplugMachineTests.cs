using System.Text.Json;
using CvOps.Agent.Integrations.Sparkplug;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Integrations;

/// <summary>What the node says, as Eclipse Tahu's own library reads it.</summary>
public sealed class SparkplugMachineTests
{
    private static readonly CameraId Camera = new("cam-1");
    private static readonly ModelRef Model = new("steel", "1.2.0", new string('a', 64));
    private readonly SparkplugMachine _machine = new("plant-a", new DeviceId("press-1"), 255);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_is_born_with_every_metric_and_its_death_has_the_same_number()
    {
        var death = _machine.Connecting(DateTimeOffset.UnixEpoch);
        var births = _machine.Birth(State(rejects: 3));

        Assert.Equal(["spBv1.0/plant-a/NDEATH/press-1", "spBv1.0/plant-a/NBIRTH/press-1", "spBv1.0/plant-a/DBIRTH/press-1/cam-1"], births.Prepend(death).Select(message => message.Topic));
        var read = await DecodeAsync(births.Prepend(death));
        Assert.Equal("seq=-|at=0|bdSeq:UInt64=255", read[0]);
        Assert.StartsWith("seq=0|at=1000|bdSeq:UInt64=255|Node Control/Rebirth:Boolean=false|", read[1], StringComparison.Ordinal);
        Assert.Contains("|Model/Version:String=1.2.0|", read[1], StringComparison.Ordinal);
        Assert.Equal("seq=1|at=1000|State:String=Live|Frames Per Second:Double=24.5|Latency P99 Milliseconds:Double=null|Inspections:UInt64=100|Rejects:UInt64=3|Frames Dropped:UInt64=0|Inference Errors:UInt64=0|Last/Class:String=scratch|Last/Reject:Boolean=true", read[2]);
    }

    [Fact]
    public async Task Only_what_changed_follows_numbered_without_a_gap_round_the_byte()
    {
        _machine.Connecting(DateTimeOffset.UnixEpoch);
        _machine.Birth(State(rejects: 0));
        Assert.Empty(_machine.Next(State(rejects: 0)));

        var sent = Enumerable.Range(1, 300).SelectMany(rejects => _machine.Next(State(rejects))).ToList();

        var read = await DecodeAsync(sent);
        Assert.All(sent, message => Assert.Equal("spBv1.0/plant-a/DDATA/press-1/cam-1", message.Topic));
        Assert.Equal(Enumerable.Range(1, 300).Select(rejects => $"seq={(rejects + 1) % 256}|at=1000|Rejects:UInt64={rejects}"), read);
    }

    [Fact]
    public async Task A_camera_that_is_lost_dies_and_is_born_again_when_it_is_back()
    {
        _machine.Connecting(DateTimeOffset.UnixEpoch);
        _machine.Birth(State(rejects: 0));

        var gone = Assert.Single(_machine.Next(State(rejects: 0, CameraState.Lost)));
        Assert.Empty(_machine.Next(State(rejects: 0, CameraState.Lost)));
        var back = Assert.Single(_machine.Next(State(rejects: 0)));

        Assert.Equal(["spBv1.0/plant-a/DDEATH/press-1/cam-1", "spBv1.0/plant-a/DBIRTH/press-1/cam-1"], [gone.Topic, back.Topic]);
        Assert.Equal(["seq=2", "seq=3"], (await DecodeAsync([gone, back])).Select(line => line.Split('|')[0]));
    }

    [Fact]
    public async Task A_rebirth_begins_the_numbers_anew_and_each_connection_has_the_next_bdSeq()
    {
        _machine.Connecting(DateTimeOffset.UnixEpoch);
        _machine.Birth(State(rejects: 0));
        _machine.Next(State(rejects: 1));
        var reborn = _machine.Birth(State(rejects: 1));
        var second = _machine.Connecting(DateTimeOffset.UnixEpoch);

        var read = await DecodeAsync([reborn[0], second, _machine.Death(DateTimeOffset.UnixEpoch)]);
        Assert.StartsWith("seq=0|at=1000|bdSeq:UInt64=255|", read[0], StringComparison.Ordinal);
        Assert.Equal(["seq=-|at=0|bdSeq:UInt64=0", "seq=-|at=0|bdSeq:UInt64=0"], read[1..]);
    }

    // Encoded by Eclipse Tahu's library: a metric "Node Control/Rebirth", Boolean, true.
    [Theory]
    [InlineData("CAESGgoUTm9kZSBDb250cm9sL1JlYmlydGggC3AB", true)]
    [InlineData("", false)]
    [InlineData("CAESGgoUTm9kZSBDb250cm9sL1JlYmlydGggC3AA", false)]
    [InlineData("CAESGgoUTm9kZSBDb250cm9sL1JlYm9vdCEgC3AB", false)]
    [InlineData("//////////////////////////8=", false)]
    [InlineData("EoCAgIAI", false)]
    public void A_rebirth_is_asked_for_by_that_metric_alone(string payload, bool asked) => Assert.Equal(asked, SparkplugPayload.AsksForRebirth(Convert.FromBase64String(payload)));

    internal static DeviceHealth Health(long rejects, CameraState state = CameraState.Live) => new()
    {
        Origin = new Origin(new DeviceId("press-1"), 1, 1), At = DateTimeOffset.UnixEpoch.AddSeconds(1), UptimeSeconds = 1, ResidentBytes = 1, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1, 0, 0),
        Cameras = [new CameraHealth(Camera, state, 24.5, double.NaN, 100, 0, 0, 0, null) { Rejects = rejects, Last = new LastDecision("scratch", true) }],
    };

    internal static async Task<string[]> DecodeAsync(IEnumerable<SparkplugMessage> messages) =>
        (await NodePackages.RunAsync("sparkplug", "decode.cjs", JsonSerializer.Serialize(messages.Select(message => Convert.ToBase64String(message.Payload))), Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static SparkplugState State(long rejects, CameraState state = CameraState.Live) => SparkplugState.Of(Health(rejects, state), Model, "0.1.0");
}
