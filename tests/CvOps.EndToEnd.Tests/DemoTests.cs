using System.Text.Json;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

public sealed class DemoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task The_whole_loop_turns_once_on_simulated_lines() => Play(16, TimeSpan.FromMinutes(8));

    [Fact]
    [Trait("tier", "slow")]
    public Task The_whole_loop_turns_on_real_steel_and_bottles()
    {
        TestData.Require("videos", "neu-line-normal.mp4");
        return Play(7, TimeSpan.FromMinutes(9), "--steel");
    }

    [Fact]
    [Trait("tier", "slow")]
    public async Task Labels_that_the_loop_chooses_reach_the_better_models_accuracy_before_labels_by_lot()
    {
        TestData.Require("neu-det", "images");
        // So many rounds as it takes: three to six.
        var told = await Play(null, TimeSpan.FromMinutes(15), "--loop");
        Assert.Contains(told, step => step.GetProperty("name").GetString() == "curve");
    }

    private static async Task<JsonElement[]> Play(int? steps, TimeSpan patience, params string[] arguments)
    {
        using var folder = new TestFolder();
        await using var demo = Cvops.Start(["demo", "--data", folder["stack"], "--report", folder["report.json"], .. arguments]);

        var code = await demo.WaitForExitAsync(patience, Cancel);

        Assert.True(code == 0, demo.Output);
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(folder["report.json"], Cancel));
        var told = report.RootElement.GetProperty("steps").EnumerateArray().ToArray();
        if (steps is { } expected) Assert.Equal(expected, told.Length);
        Assert.All(told, step => Assert.True(step.GetProperty("passed").GetBoolean(), step.ToString()));
        Assert.Empty(Cvops.ProcessesOf(folder["stack"]));
        return [.. told.Select(step => step.Clone())];
    }
}
