using CvOps.Agent.Offline;

namespace CvOps.Agent.Tests.Offline;

public sealed class OfflineFiguresTests
{
    [Theory]
    [InlineData(503, 1189L, 8, 80, " 42 % [################----------------------]  503/1189 frames  62.9/s  0:10 left")]
    [InlineData(503, 1189L, 8, 50, "503/1189 frames  62.9/s  0:10 left")]
    [InlineData(503, 1189L, 8, 20, "503/1189 frames  62")]
    [InlineData(7200, null, 3600, 80, "7200 frames  2.0/s")]
    [InlineData(12, 10L, 1, 80, "100 % [####################################]  12/12 frames  12.0/s  0:00 left")]
    [InlineData(1, 7201L, 1, 60, "  0 % [--------------]  1/7201 frames  1.0/s  2:00:00 left")]
    public void Progress_fits_the_terminal(long done, long? total, int seconds, int columns, string line)
    {
        var shown = ProgressLine.Of(done, total, TimeSpan.FromSeconds(seconds), columns);
        Assert.True(shown.Length < columns);
        Assert.Equal(line.TakeWhile(c => c != '[').Concat(line.SkipWhile(c => c != ']')), shown.TakeWhile(c => c != '[').Concat(shown.SkipWhile(c => c != ']')));
    }

    [Theory]
    [InlineData("avg_frame_rate=179/6\nduration=39.866667\nnb_frames=1189\nduration=39.9\n", 1189L)]
    [InlineData("avg_frame_rate=25/1\nduration=N/A\nnb_frames=N/A\nduration=4.000\n", 100L)]
    [InlineData("avg_frame_rate=0/0\nnb_frames=N/A\nduration=4.0\n", null)]
    [InlineData("", null)]
    public void A_videos_length_is_what_its_container_says(string said, long? frames) => Assert.Equal(frames, VideoLength.Read(said));

    [Fact]
    public void Percentiles_are_within_half_a_percent_of_the_sorted_values()
    {
        var (times, chance) = (new StageTimes(), new Random(5));
        var all = Enumerable.Range(0, 10_000).Select(_ => Math.Exp(4 * chance.NextDouble() - 2)).ToArray();
        foreach (var ms in all) times.Add(ms);

        Assert.Equal(all.Average(), times.MeanMs, 1e-9);
        var exact = all.Order().ElementAt(9_899);
        Assert.InRange(times.PercentileMs(0.99), exact / 1.0051, exact * 1.0051);
        Assert.Equal(0, new StageTimes().PercentileMs(0.99));
    }
}
