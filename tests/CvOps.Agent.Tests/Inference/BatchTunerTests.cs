using CvOps.Agent.Inference;

namespace CvOps.Agent.Tests.Inference;

public sealed class BatchTunerTests
{
    [Fact]
    public void A_model_whose_batches_are_cheaper_a_frame_gets_the_largest_that_still_saves()
    {
        // A GPU: 5 ms a launch, 0.5 ms a frame up to 8, then it is full.
        var tuner = new BatchTuner(16);
        Run(tuner, 2000, size => size <= 8 ? 5 + 0.5 * size : 9.0 / 8 * size);
        Assert.Equal(8, tuner.Limit);
        Assert.Equal((5 + 0.5 * 8) / 8 / 2, tuner.WindowMs, 1e-9);
    }

    [Fact]
    public void A_model_whose_batches_save_nothing_runs_frame_by_frame()
    {
        var tuner = new BatchTuner(16);
        Run(tuner, 2000, size => 20.0 * size);
        Assert.Equal(1, tuner.Limit);
    }

    [Fact]
    public void A_model_that_becomes_otherwise_is_learnt_anew()
    {
        var tuner = new BatchTuner(4);
        Run(tuner, 500, size => 10 + size);
        Assert.Equal(4, tuner.Limit);
        // Another process has taken the accelerator's memory bandwidth: batches no longer pay.
        Run(tuner, 40_000, size => 10.0 * size * size);
        Assert.Equal(1, tuner.Limit);
    }

    [Fact]
    public void A_model_of_one_frame_a_run_is_never_given_two()
    {
        var tuner = new BatchTuner(1);
        for (var run = 0; run < 100; run++)
        {
            Assert.Equal(1, tuner.Limit);
            tuner.Observe(1, 5);
        }
    }

    [Fact]
    public void Runs_of_fewer_frames_than_allowed_change_nothing()
    {
        var tuner = new BatchTuner(16);
        Run(tuner, 100, size => 5 + 0.5 * size);
        var limit = tuner.Limit;
        for (var run = 0; run < 100; run++) tuner.Observe(3, 100);
        Assert.Equal(limit, tuner.Limit);
    }

    private static void Run(BatchTuner tuner, int runs, Func<int, double> ms)
    {
        for (var run = 0; run < runs; run++) tuner.Observe(tuner.Limit, ms(tuner.Limit));
    }
}
