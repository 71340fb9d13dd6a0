using CvOps.Agent.Inference;

namespace CvOps.Agent.Tests.Inference;

/// <summary>Counts what the whole process allocates, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class FramePathAllocationTests
{
    private const int MostRounds = 30;

    [Fact]
    public async Task The_frame_path_allocates_nothing()
    {
        const int frames = 2_000;
        var sink = new CountingSink();
        await using var rig = new InferenceRig(sink) { Recording = false };
        rig.Slots.Activate(InferenceRig.Model("0", 0, "a", "b"));
        rig.Slots.SetShadow(InferenceRig.Model("1", 1, "a", "b"));
        rig.Slots.AskShadow = true;
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        void Feed(int from)
        {
            for (var i = from; i < from + frames; i++) rig.Put(i);
            Assert.True(SpinWait.SpinUntil(() => sink.Frames == from + frames, InferenceRig.Deadline), $"{sink.Frames} frames came out");
        }

        Feed(0);
        // The stages have threads of their own, so what the process allocates is counted: the test runner's few hundred bytes are in it. One object
        // a frame would be 24 bytes at least, so half of that tells them apart. A debug build's pool remembers owners.
        var least = double.MaxValue;
        var rounds = 0;
        // Other tests' loops may end beside the first ones.
        while (rounds < MostRounds && (rounds < 5 || least >= InferenceRig.DebugBytesPerFrame + 12))
        {
            var round = ++rounds;
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Feed(round * frames);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)frames);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{least} bytes a frame");
        Assert.True(least < InferenceRig.DebugBytesPerFrame + 12, $"{least} bytes a frame");
        Assert.Equal((rounds + 1) * frames, sink.Shadows);
    }

    private sealed class CountingSink : IInspectedFrameSink
    {
        private int _frames;

        public int Frames => Volatile.Read(ref _frames);

        public int Shadows { get; private set; }

        public void Inspected(in InspectedFrame inspected)
        {
            if (inspected.Shadow is not null) Shadows++;
            Interlocked.Increment(ref _frames);
        }
    }
}
