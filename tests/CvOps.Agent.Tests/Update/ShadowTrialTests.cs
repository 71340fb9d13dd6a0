using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update;

public sealed class ShadowTrialTests
{
    [Fact]
    public async Task A_challenger_takes_over_after_the_frames_it_saw_beside_the_model_in_charge()
    {
        await using var rig = await Rig();
        await using var device = await ShadowingAsync(rig);
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
        Assert.Equal("v22", device.Slots.Shadow?.Ref.Version);
        Assert.True(device.Slots.AskShadow);
        Assert.Null(device.Loop.Report.Previous);
        device.Inspect(4);
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
        device.Inspect(1);
        await device.ReachAsync(Soaking);
        Assert.Equal("v22", device.Slots.Active?.Ref.Version);
        Assert.Equal("v1", device.Loop.Report.Previous?.Version);
        Assert.False(device.Slots.AskShadow);
    }

    [Fact]
    public async Task A_challenger_without_predictions_never_takes_charge()
    {
        await using var rig = await Rig();
        await using var device = await ShadowingAsync(rig);
        var challenger = device.Slots.Shadow!;
        device.Inspect(1, challengerError: "Output 'logits' is NaN.");
        await device.ReachAsync(Failed);
        Assert.StartsWith("Beside the model in charge: The new model gave no prediction", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
        Assert.Null(device.Slots.Shadow);
        await device.Slots.Retired;
        Assert.Throws<ObjectDisposedException>(challenger.Session.Run);
        Assert.DoesNotContain(Swapping, device.States.Skip(8));
    }

    [Fact]
    public async Task A_silent_line_is_waited_for_and_the_device_says_so()
    {
        await using var rig = await Rig();
        await using var device = await ShadowingAsync(rig);
        await CvOps.Testing.Eventually.Async(() => device.Loop.Report.Wait is not null, UpdateRig.Deadline, () => $"{device.Loop.Report}", TestContext.Current.CancellationToken);
        Assert.StartsWith("a frame from any camera", device.Loop.Report.Wait!.For, StringComparison.Ordinal);
        Assert.Null(device.Loop.Report.Wait.Until);
        device.Inspect(5);
        await device.ReachAsync(Soaking);
        Assert.Null(device.Loop.Report.Wait);
    }

    [Fact]
    public async Task A_line_without_time_for_a_challenger_swaps_after_the_limit_and_says_how_thin_the_trial_was()
    {
        await using var rig = await Rig(limit: TimeSpan.FromMilliseconds(200));
        await using var device = await ShadowingAsync(rig);
        var said = device.SaysAsync("takes over after a thin trial: in 0 s the line left it time for 0 of 3 frames; 5 were asked for.");
        device.Inspect(3, shed: true);
        await said;
        await device.ReachAsync(Soaking);
    }

    [Fact]
    public async Task Another_wish_ends_the_trial_without_a_trace()
    {
        await using var rig = await Rig();
        await using var device = await ShadowingAsync(rig);
        var challenger = device.Slots.Shadow!;
        var walked = device.States.Count;
        device.Loop.Want(new TwinDesired { Version = 3, Model = rig.Publish("v333") });
        await CvOps.Testing.Eventually.Async(() => device.Slots.Shadow?.Ref.Version == "v333", UpdateRig.Deadline, () => $"{device.Loop.Report}", TestContext.Current.CancellationToken);
        // Its progress may have been reported once more.
        Assert.Equal([Idle, Downloading], device.States.Skip(walked).SkipWhile(state => state == Shadowing).Take(2));
        await device.Slots.Retired;
        Assert.Throws<ObjectDisposedException>(challenger.Session.Run);
    }

    private static Task<UpdateRig> Rig(TimeSpan? limit = null) => UpdateRig.CreateAsync(options => options with { ShadowFrames = 5, ShadowLimit = limit ?? TimeSpan.FromMinutes(10) });

    private static async Task<UpdateDevice> ShadowingAsync(UpdateRig rig)
    {
        var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, rig.Publish("v1"));
        device.Loop.Want(new TwinDesired { Version = 2, Model = rig.Publish("v22") });
        await CvOps.Testing.Eventually.Async(() => device.Slots.AskShadow, UpdateRig.Deadline, () => $"{device.Loop.Report}", TestContext.Current.CancellationToken);
        return device;
    }
}
