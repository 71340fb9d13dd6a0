using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Tests.Frames;

public sealed class AccuracyTests
{
    [Fact]
    public void Frames_that_were_likelier_to_be_kept_count_less()
    {
        // A hundred sure frames of which every tenth was kept, all right; forty unsure ones, all kept, half of them right.
        var frames = Enumerable.Range(0, 30).Select(_ => new SampledVerdict(0.1, 0.01, true)).Concat(Enumerable.Range(0, 40).Select(i => new SampledVerdict(1, 0.9, i % 2 == 0))).ToArray();
        var estimate = AccuracyEstimator.Estimate(frames);
        Assert.Equal(320.0 / 340, estimate.Share!.Estimate, 1e-12);
        Assert.InRange(estimate.Share.Low, 0.8, 0.94);
        Assert.Equal((70, 340.0), (estimate.Labelled, Math.Round(estimate.Represented, 9)));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.4)]
    public void Estimates_hit_the_truth_on_average_and_the_interval_holds_it_as_often_as_it_says(double labelled)
    {
        const int runs = 1500;
        var random = new Random(21);
        var (sum, squares, held) = (0.0, 0.0, 0);
        var population = Enumerable.Range(0, 4000).Select(_ =>
        {
            var uncertainty = Math.Pow(random.NextDouble(), 3);
            return (Uncertainty: uncertainty, Right: random.NextDouble() > 0.02 + 0.5 * uncertainty, Inclusion: 1 - (1 - 0.02) * (1 - Math.Min(1, 0.5 * uncertainty * uncertainty)));
        }).ToArray();
        var truth = population.Average(frame => frame.Right ? 1.0 : 0);
        for (var run = 0; run < runs; run++)
        {
            var kept = population.Where(frame => random.NextDouble() < frame.Inclusion).ToArray();

            // People label the least certain first, most of them, and some of the others.
            var frames = kept.Select(frame => new SampledVerdict(frame.Inclusion, frame.Uncertainty, random.NextDouble() < Math.Min(1, labelled * (1 + frame.Uncertainty)) ? frame.Right : null)).ToArray();
            var share = AccuracyEstimator.Estimate(frames).Share!;
            (sum, squares) = (sum + share.Estimate, squares + share.Estimate * share.Estimate);
            if (share.Low <= truth && truth <= share.High) held++;
        }

        var mean = sum / runs;
        var error = Math.Sqrt((squares / runs - mean * mean) / runs);
        Assert.True(Math.Abs(mean - truth) <= 4 * error + 0.002, $"mean {mean}, truth {truth}, standard error {error}");

        // 95 % are meant; the standard error of the count is 0.6 %.
        Assert.InRange((double)held / runs, 0.92, 0.985);
    }

    [Fact]
    public void Too_few_labels_are_told_and_nothing_is_estimated()
    {
        var few = AccuracyEstimator.Estimate([.. Enumerable.Range(0, 29).Select(_ => new SampledVerdict(0.1, 0.01, true)), new SampledVerdict(0.1, 0.01, null)]);
        Assert.Null(few.Share);
        Assert.StartsWith("29 labelled frames", few.Note, StringComparison.Ordinal);
        var blind = AccuracyEstimator.Estimate([.. Enumerable.Range(0, 50).Select(_ => new SampledVerdict(0.5, 0.9, true)), new SampledVerdict(0.01, 0.01, null)]);
        Assert.Null(blind.Share);
        Assert.StartsWith("None of the 1 frames of which the model was quite sure", blind.Note, StringComparison.Ordinal);
        Assert.Null(AccuracyEstimator.Estimate([]).Share);
    }

    [Fact]
    public void Labels_that_all_agree_leave_an_interval()
    {
        var estimate = AccuracyEstimator.Estimate([.. Enumerable.Range(0, 40).Select(_ => new SampledVerdict(0.01, 0.01, true))]);
        Assert.Equal((1, 1), (estimate.Share!.Estimate, estimate.Share.High));
        Assert.InRange(estimate.Share.Low, 0.9, 0.92);
    }

    [Fact]
    public async Task The_fleet_tells_each_cameras_accuracy_from_the_labels_people_gave()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var package = new ByteArrayContent(await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("line.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken));
        var pushed = await fleet.Http.PostAsync("models", package, TestContext.Current.CancellationToken);
        var model = (await pushed.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Model;
        for (var i = 0; i < 40; i++)
            await device.SendAsync(device.Frame($"f{i}", margin: 0.9) with { Model = model, Camera = new CameraId(i < 36 ? "left" : "right"), InclusionProbability = i == 39 ? null : 0.1 });
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, TestContext.Current.CancellationToken))!.Unlabelled == 40, "forty frames");
        for (var i = 0; i < 40; i++)
            (await fleet.Http.PutAsJsonAsync($"frames/f{i}/label", new LabelRequest(i % 4 == 0 ? "scratch" : "ok", "operator"), ContractsJson.Default.LabelRequest, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

        var accuracy = await fleet.Http.GetFromJsonAsync($"models/{model.Digest}/accuracy", ContractsJson.Default.ModelAccuracy, TestContext.Current.CancellationToken);
        Assert.Equal(29.0 / 39, accuracy!.Overall.Accuracy!.Value, 1e-9);
        Assert.Equal((39, 39, 1), (accuracy.Overall.Sampled, accuracy.Overall.Labelled, accuracy.Overall.LeftOut));
        Assert.Equal(["left", "right"], accuracy.Cameras.Select(camera => camera.Camera!.Value.Value));
        Assert.Equal(0.75, accuracy.Cameras[0].Accuracy!.Value, 1e-9);
        Assert.Null(accuracy.Cameras[1].Accuracy);
        Assert.Contains("too few", accuracy.Cameras[1].Note, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("models/none/accuracy", TestContext.Current.CancellationToken)).StatusCode);
    }
}
