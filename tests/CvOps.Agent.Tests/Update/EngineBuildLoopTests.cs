using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Inference;
using CvOps.Agent.Update;
using CvOps.Testing;
using CvOps.Vision;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Update;

/// <summary>A GPU is played: "faster" is another session of the same model. What is tested is the taking over.</summary>
public sealed class EngineBuildLoopTests
{
    [Fact]
    public async Task The_line_runs_on_while_an_engine_is_built_and_not_a_frame_is_lost_when_it_takes_over()
    {
        await using var rig = new InferenceRig();
        var model = InferenceRig.Model("1", 0, "a", "b");
        var before = model.Session;
        rig.Slots.Activate(model);
        using var built = new ManualResetEventSlim();
        using var loop = new EngineBuildLoop(rig.Slots, candidate => ReferenceEquals(candidate.Session, before), _ =>
        {
            Assert.True(built.Wait(InferenceRig.Deadline));
            return Session(says: 1);
        }, TimeProvider.System, NullLogger<EngineBuildLoop>.Instance);
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        await loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 50; i++) rig.Put(i);
        await rig.UntilSeen(50);
        Assert.All(rig.Sink.Seen, seen => Assert.Equal("a", seen.Prediction.Class));

        built.Set();
        var number = 50;
        await Eventually.Async(() =>
        {
            rig.Put(number++);
            return !ReferenceEquals(model.Session, before);
        }, InferenceRig.Deadline, () => $"{number} frames and no engine", TestContext.Current.CancellationToken);
        for (var i = 0; i < 50; i++) rig.Put(number++);
        await rig.UntilSeen(number);
        Assert.Equal(Enumerable.Range(0, number).Select(i => (long)i), rig.Sink.Seen.Select(seen => seen.Number));
        Assert.Equal("b", rig.Sink.Seen[^1].Prediction.Class);
        Assert.Throws<ObjectDisposedException>(before.Run);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_engine_that_answers_differently_is_refused_once_and_the_model_stays_as_it_is()
    {
        using var slots = new ModelSlots();
        var model = InferenceRig.Model("1", 0, "a", "b");
        slots.Activate(model);
        var attempts = 0;
        var heard = new HeardLog();
        using var loop = new EngineBuildLoop(slots, _ => true, _ =>
        {
            attempts++;
            throw new UpdateRefusedException("The self-test on this device failed: output 'logits' is off by 0.3.");
        }, TimeProvider.System, heard.For<EngineBuildLoop>());
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => heard.Lines.Any(line => line.Contains("is not used: The self-test on this device failed: output 'logits' is off by 0.3. It stays on CPU", StringComparison.Ordinal)),
            InferenceRig.Deadline, () => string.Join('\n', heard.Lines), TestContext.Current.CancellationToken);
        model.Session.Run();
        await loop.StopAsync(CancellationToken.None);
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task An_engine_that_is_ready_when_its_model_has_left_is_thrown_away()
    {
        using var slots = new ModelSlots();
        slots.Activate(InferenceRig.Model("1", 0, "a", "b"));
        ModelSession? late = null;
        using var loop = new EngineBuildLoop(slots, model => model.Ref.Version == "1", _ =>
        {
            slots.Activate(InferenceRig.Model("2", 0, "a", "b"));
            slots.SetShadow(null);
            return late = Session(says: 1);
        }, TimeProvider.System, NullLogger<EngineBuildLoop>.Instance);
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() =>
        {
            try
            {
                late?.Run();
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }, InferenceRig.Deadline, () => "the late session still runs", TestContext.Current.CancellationToken);
        slots.Active!.Session.Run();
        await loop.StopAsync(CancellationToken.None);
    }

    private static ModelSession Session(int says)
    {
        var model = InferenceRig.Model("1", says, "a", "b");
        return model.Session;
    }
}
