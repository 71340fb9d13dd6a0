using CvOps.Contracts.Api;
using CvOps.Simulator.Drawing;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Tests.Simulator;

[Trait("tier", "integration")]
public sealed class LineStreamTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_client_that_comes_late_sees_rising_serials_whose_truth_is_what_was_drawn()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var line = await LineProcess.StartAsync(["--seed", "9"], cancel);
        await Eventually.Async(async () => (await line.ViewAsync("line-1", cancel)).Serial > 25, Deadline, () => line.Process.Output, cancel);

        var view = await line.ViewAsync("line-1", cancel);
        using var client = new VideoClient(new Uri(line.Http.BaseAddress!, view.Video), view.Width, view.Height);
        var drawing = new LinePicture(view.Width, view.Height);
        var drawn = new byte[drawing.Bytes];
        uint last = 0;
        for (var frame = 0; frame < 30; frame++)
        {
            await client.ReadAsync(cancel);
            Assert.True(PartCode.TryRead(client.Frame, new PartCodeRegion(view.Code.X, view.Code.Y, view.Code.Width, view.Code.Height), out var serial), $"frame {frame} has no readable part code");
            Assert.True(last == 0 ? serial > 5 : serial == last + 1, $"part {serial} after part {last}");
            last = serial;

            var truth = await line.TruthAsync("line-1", serial, cancel);
            var recipe = PartRecipe.For(9, "line-1", serial, Product.Default, 0.6f);
            Assert.Equal(recipe.Class, truth.Class);
            drawing.Draw(recipe, LineCondition.New, drawn);
            Assert.InRange(MeanDifference(drawn, client.Frame), 0, 4);
        }
    }

    [Fact]
    public async Task Drift_on_demand_darkens_the_stream_and_the_code_stays_readable()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var line = await LineProcess.StartAsync(["--lines", "a,b"], cancel);
        var view = await line.ViewAsync("b", cancel);
        using var client = new VideoClient(new Uri(line.Http.BaseAddress!, view.Video), view.Width, view.Height);
        await client.ReadAsync(cancel);
        var fresh = FrameStatistics.Measure(client.Frame).Brightness;

        var ramping = await line.DriftAsync("b", new LineDriftRequest(Lamp: 0.35, RampSeconds: 1), cancel);
        Assert.True(ramping.Ramping);
        await Eventually.Async(async () => await line.ViewAsync("b", cancel) is { Ramping: false, Lamp: 0.35 }, Deadline, () => line.Process.Output, cancel);
        var settled = (await line.ViewAsync("b", cancel)).Serial;
        Assert.Equal(1, (await line.ViewAsync("a", cancel)).Lamp);

        var code = new PartCodeRegion(view.Code.X, view.Code.Y, view.Code.Width, view.Code.Height);
        var seen = 0u;
        while (seen <= settled + 10)
        {
            await client.ReadAsync(cancel);
            Assert.True(PartCode.TryRead(client.Frame, code, out seen), "a frame has no readable part code");
        }

        Assert.InRange(FrameStatistics.Measure(client.Frame).Brightness, 0.2 * fresh, 0.45 * fresh);
        Assert.Equal(0.35, (await line.TruthAsync("b", seen, cancel)).Lamp);
    }

    [Fact]
    public async Task Stopping_takes_the_encoder_along_and_exits_with_0()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var line = await LineProcess.StartAsync(["--lines", "a,b"], cancel);
        await Eventually.Async(() => Children(line.Process.Id).Count == 2, Deadline, () => $"{Children(line.Process.Id).Count} children", cancel);
        var encoders = Children(line.Process.Id);
        Assert.Equal(0, await line.Process.StopAsync(Deadline, cancel));
        await Eventually.Async(() => encoders.TrueForAll(id => !Alive(id)), Deadline, () => string.Join(", ", encoders.Where(Alive)), cancel);
    }

    private static double MeanDifference(ReadOnlySpan<byte> drawn, PictureView frame)
    {
        var sum = 0L;
        var luma = frame.Luma;
        for (var i = 0; i < luma.Length; i++) sum += Math.Abs(luma[i] - drawn[i]);
        return sum / (double)luma.Length;
    }

    private static List<int> Children(int parent) =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!)).Where(id => Stat(id) is { } stat && stat.Parent == parent && stat.State != "Z")];

    private static bool Alive(int id) => Stat(id) is { } stat && stat.State != "Z";

    private static (string State, int Parent)? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], int.Parse(fields[1]));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
