using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Tests.Simulator;

/// <summary>The model in the repository against the line it was made for, over the real video.</summary>
[Trait("tier", "integration")]
public sealed class LineModelTests
{
    private const int Parts = 200;

    [Fact]
    public async Task It_is_right_under_a_new_lamp_and_clearly_worse_under_an_old_one()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var line = await LineProcess.StartAsync(["--seed", "77"], cancel);
        var view = await line.ViewAsync("line-1", cancel);
        using var client = new VideoClient(new Uri(line.Http.BaseAddress!, view.Video), view.Width, view.Height);
        using var model = Open();

        var fresh = await AccuracyAsync(line, client, view, model, after: 0, cancel);
        await line.DriftAsync("line-1", new LineDriftRequest(Lamp: 0.45), cancel);
        var old = await AccuracyAsync(line, client, view, model, after: (await line.ViewAsync("line-1", cancel)).Serial + 1, cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"new lamp {fresh:p1}, old lamp {old:p1}");
        Assert.InRange(fresh, 0.95, 1);
        Assert.InRange(old, 0, 0.8);
    }

    private static async Task<double> AccuracyAsync(LineProcess line, VideoClient client, LineView view, ModelRunner model, uint after, CancellationToken cancel)
    {
        var code = new PartCodeRegion(view.Code.X, view.Code.Y, view.Code.Width, view.Code.Height);
        var right = 0;
        for (var judged = 0; judged < Parts;)
        {
            await client.ReadAsync(cancel);
            Assert.True(PartCode.TryRead(client.Frame, code, out var serial), "a frame has no readable part code");
            if (serial <= after) continue;
            var truth = await line.TruthAsync("line-1", serial, cancel);
            if (model.Infer(client.Frame).Prediction.Class == truth.Class) right++;
            judged++;
        }

        return right / (double)Parts;
    }

    private static ModelRunner Open()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "model");
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, "manifest.json")), ContractsJson.Default.ModelManifest)!;
        Assert.Equal(["scratch", "dent", "stain"], manifest.RejectClasses);
        return ModelRunner.Open(File.ReadAllBytes(Path.Combine(folder, "line-v1.onnx")), manifest, new SessionSettings());
    }
}
