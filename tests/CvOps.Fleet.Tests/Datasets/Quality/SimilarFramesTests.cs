using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Tests.Trainer;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Quality;

[Trait("tier", "integration")]
public sealed class SimilarFramesTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Frames_like_one_are_found_as_they_arrive_and_after_a_restart()
    {
        await using var host = await FleetHost.StartAsync();
        var near = await ImportAsync(host, Patterned(1, 95));
        var ask = await ImportAsync(host, Patterned(1, 60));
        var far = await ImportAsync(host, Patterned(5, 95));
        var similar = await SimilarAsync(host, ask, 3);
        Assert.Equal([near, far], similar.Similar.Select(it => it.Frame.Id));
        Assert.InRange(similar.Similar[0].Distance, 0, similar.Similar[1].Distance / 4);
        Assert.False(similar.Similar[0].SamePicture);

        await host.RestartFleetAsync();
        var late = await ImportAsync(host, Patterned(1, 80));
        similar = await SimilarAsync(host, ask, 4);
        Assert.Equal(new[] { near, late }.Order(), similar.Similar.Take(2).Select(it => it.Frame.Id).Order());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync(new Uri("frames/nobody/similar", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task The_first_model_with_an_embedding_takes_over_and_all_frames_are_compared_by_it()
    {
        var onnx = await File.ReadAllBytesAsync(NeuSteel.Model("neu_classifier_v1.onnx"), TestContext.Current.CancellationToken);
        await using var host = await FleetHost.StartAsync();
        var ids = new List<string>();
        foreach (var (jpeg, _) in NeuSteel.Pictures("test").Where((_, i) => i % 20 == 0)) ids.Add(await ImportAsync(host, jpeg));
        var before = await SimilarAsync(host, ids[0], ids.Count);
        using (var folder = new TestFolder())
        {
            var parts = TestPackages.Parts("neu", "v1") with { Manifest = NeuSteel.Manifest, Onnx = onnx };
            PackageWriter.Write(folder["neu.cvmodel"], parts, host.SigningKey);
            using var content = new ByteArrayContent(await File.ReadAllBytesAsync(folder["neu.cvmodel"], TestContext.Current.CancellationToken));
            (await host.Http.PostAsync(new Uri("models", UriKind.Relative), content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }
        var after = before;
        await Eventually.Async(async () => (after = await ReadAsync(host, ids[0])).Problem is null && after.Searched == ids.Count && !after.Similar.Select(it => it.Distance).SequenceEqual(before.Similar.Select(it => it.Distance)), Deadline,
            () => $"{after.Searched} frames, {after.Problem}", TestContext.Current.CancellationToken);
    }

    private static async Task<string> ImportAsync(FleetHost host, byte[] jpeg)
    {
        var answer = await host.Http.PostAsJsonAsync("frames", new FrameImport(jpeg, null, "test"), ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, TestContext.Current.CancellationToken))!.Id;
    }

    /// <summary>Waits until so many frames are in the index.</summary>
    private static async Task<SimilarFramesView> SimilarAsync(FleetHost host, string id, int frames)
    {
        var view = await ReadAsync(host, id);
        await Eventually.Async(async () => (view = await ReadAsync(host, id)).Searched == frames && view.Problem is null, Deadline, () => $"{view.Searched} of {frames} frames, {view.Problem}", TestContext.Current.CancellationToken);
        return view;
    }

    private static async Task<SimilarFramesView> ReadAsync(FleetHost host, string id) =>
        (await host.Http.GetFromJsonAsync($"frames/{id}/similar?limit=200", ContractsJson.Default.SimilarFramesView, TestContext.Current.CancellationToken))!;

    private static byte[] Patterned(int waves, int quality)
    {
        var grey = new byte[160 * 120];
        for (var i = 0; i < grey.Length; i++) grey[i] = (byte)(128 + 60 * Math.Sin(waves * 0.05 * (i % 160)) + 50 * Math.Sin(waves * waves * 0.02 * (i / 160)));
        return CvOps.Vision.JpegCodec.Encode(new CvOps.Vision.PictureView(grey, 160, 120, CvOps.Vision.PixelFormat.Grey8), quality);
    }
}
