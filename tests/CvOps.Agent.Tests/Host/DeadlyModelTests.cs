using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>A model whose native code ends the process, and nobody at the machine.</summary>
[Trait("tier", "fault"), Collection("agent process")]
public sealed class DeadlyModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_starts_that_a_new_model_kills_boot_the_model_before()
    {
        // A quotient that does not fit is a signal on x86 alone.
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64) Skip.Because("this processor divides anything without a word");
        await using var rig = await AgentRig.CreateAsync();
        await using (var agent = await rig.StartInspectingAsync())
        {
            await rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = 1, Model = rig.Packages.Publish("v22", onnx: KillsInTheLight()) }, ContractsJson.Default.TwinDesired, retain: true, Token);
            await rig.UntilAsync(() => Reported(rig) is { State: UpdateState.Committed, Active.Version: "v22" }, agent);
            await rig.UntilAsync(() => rig.Fleet.Inspections()[^1].Model.Version == "v22", agent);
            Assert.Equal(0, await agent.Process.StopAsync(AgentRig.Deadline, Token));
        }
        // The lamp is turned up.
        CameraRig.Video(rig.Packages.Folder, "line.mp4", 50, source: "color=c=white");
        for (var death = 1; death <= UpdateJournal.UnprovenStartLimit; death++)
        {
            await using var doomed = rig.Start();
            Assert.NotEqual(0, await doomed.Process.WaitForExitAsync(AgentRig.Deadline, Token));
            Assert.Contains("tiny v22 is in charge", doomed.Process.Output, StringComparison.Ordinal);
        }
        await using var last = rig.Start();
        await rig.UntilAsync(() => Reported(rig) is { State: UpdateState.RolledBack, Active.Version: "v1", Reason: { } reason } && reason.Contains("ended 3 times in a row", StringComparison.Ordinal), last);
        await rig.ArrivedAsync(10, last);
        Assert.Equal(("v1", null), (rig.Fleet.Inspections()[^1].Model.Version, rig.Fleet.Inspections()[^1].Error));
    }

    private static ReportedModel? Reported(AgentRig rig) => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., var twin] ? twin.Model : null;

    /// <summary>A classifier that divides the least whole number by -1 when the picture is white: the one quotient there is no number for.</summary>
    private static byte[] KillsInTheLight() => new TinyOnnx().Input("images", -1, 3, 8, 8)
        .Constant("scale", [10.5f], 1).Constant("small", [1e-19f], 1).Constant("weights", [1, 0, 0, 0, 1, 0], 3, 2).Integers("least", long.MinValue).Integers("eleven", 11)
        .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "embedding", ("axis", 1))
        .Node("Mul", ["embedding", "scale"], "scaled").Node("Cast", ["scaled"], "whole", ("to", (long)OnnxType.Int64)).Node("Sub", ["whole", "eleven"], "divisor")
        .Node("Div", ["least", "divisor"], "quotient").Node("Cast", ["quotient"], "large", ("to", (long)OnnxType.Float))
        .Node("Mul", ["large", "small"], "colours").Node("MatMul", ["colours", "weights"], "logits")
        .Output("logits", -1, 2).Output("embedding", -1, 3).Build();
}
