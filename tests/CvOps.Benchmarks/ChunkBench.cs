using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Fetch;
using CvOps.Agent.Update.Fetch.Neighbours;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Twin;
using CvOps.Heads;
using CvOps.Testing;
using CvOps.Trainer.Onnx;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>
/// What a model update costs on the wire: bytes of a new head's package that a device fetches when it has the one before, and copies that ten devices
/// of a site fetch together; and what finding the chunks costs beside taking the package's digest, which every device takes anyway.
/// </summary>
internal static class ChunkBench
{
    private const int Devices = 10;
    private const int Rounds = 7;
    private const int ScannedBytes = 64 * 1024 * 1024;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        List<Figure> figures = [];
        using var folder = new TestFolder();
        using var key = SigningKeys.Create();
        await using var server = await ChunkServer.StartAsync();
        string? largest = null;
        foreach (var model in Models(Draw(folder["pictures"])))
        {
            var (v1, v2) = (folder[model.Name + "-1.cvmodel"], folder[model.Name + "-2.cvmodel"]);
            PackageBuilder.Build(v1, model.Manifest with { Version = "v1" }, model.Parent, [.. model.Pictures.Take(model.Pictures.Count * 2 / 3)], key);
            PackageBuilder.Build(v2, model.Manifest with { Version = "v2" }, model.Child, model.Pictures, key, parent: PackageReader.Open(v1));
            var progress = await UpdateAsync(server, folder["devices", model.Name], v1, v2);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.Name}: {progress.Fetched} of {progress.Total} bytes fetched, {progress.Reused} reused"));
            figures.Add(Figure.AtMost($"bytes fetched for a new head / package, {model.Name}", progress.Fetched / (double)progress.Total, 0.10, $"{progress.Total / 1e6:0.0} MB package, chunk list included"));
            largest = v2;
        }
        figures.Add(Figure.AtMost($"copies fetched by {Devices} devices that start at once", await SiteAsync(server, folder, largest!), 1.25, "one copy, chunk lists included"));
        figures.Add(Figure.AtLeast("bytes/s cutting into chunks / SHA-256", CutAgainstDigest(), 0.5, "SHA-256 of the same bytes, OpenSSL"));
        return figures;
    }

    private sealed record HeadModel(string Name, ModelManifest Manifest, byte[] Parent, byte[] Child, IReadOnlyList<string> Pictures);

    private static IEnumerable<HeadModel> Models(IReadOnlyList<string> drawn)
    {
        var line = BenchModel.Line();
        var second = Graft(line.Onnx, line.Manifest, line.Manifest, 1);
        yield return new HeadModel("line, its first new head", line.Manifest, line.Onnx, second, drawn);
        yield return new HeadModel("line, its second", line.Manifest, second, Graft(second, line.Manifest, line.Manifest, 8), drawn);
        if (Environment.GetEnvironmentVariable(TestData.Variable) is { } data)
        {
            var manifest = Read(TestData.InRepository("tests", "data", "manifests", "neu_classifier_v1.json"));
            var onnx = File.ReadAllBytes(Path.Combine(data, "models", "neu_classifier_v1.onnx"));
            string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(data, "neu-det", "images", "train"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, i) => i % 20 == 0)];
            yield return new HeadModel("steel", manifest, onnx, Graft(onnx, manifest, manifest, 2), pictures);
            var wide = Read(TestData.InRepository("tests", "data", "manifests", "squeezenet1.1_imagenet_fp32.json"));
            onnx = File.ReadAllBytes(Path.Combine(data, "models", "squeezenet1.1_imagenet_fp32.onnx"));
            wide = wide with { Classes = [.. Enumerable.Range(0, 1000).Select(i => $"class-{i}")], RejectClasses = [] };
            var eight = wide with { Classes = [.. wide.Classes.Take(8)] };
            yield return new HeadModel("SqueezeNet, 8 classes", eight, Graft(onnx, wide, eight, 3), Graft(onnx, wide, eight, 4), []);
        }
        else
        {
            Console.WriteLine($"{TestData.Variable} is not set: only the simulator's and a made-up model are measured.");
        }
        var large = Backbone();
        var six = line.Manifest with { Name = "made-up", Input = new InputSpec { Name = "images", Width = 64, Height = 64 }, Classes = ["a", "b", "c", "d", "e", "f"], RejectClasses = [] };
        yield return new HeadModel("made-up backbone", six, Graft(large, six, six, 5), Graft(large, six, six, 6), []);
    }

    /// <summary>Noisy pictures, since a camera's are: what is drawn flat would be easier to find again.</summary>
    private static string[] Draw(string folder)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(3);
        var bgr = new byte[160 * 120 * 3];
        return [.. Enumerable.Range(0, 12).Select(i =>
        {
            for (var at = 0; at < bgr.Length; at++) bgr[at] = (byte)((at / 3 % 160 / 2) + random.Next(60) + (i * 8));
            var path = Path.Combine(folder, $"{i:00}.jpg");
            File.WriteAllBytes(path, JpegCodec.Encode(new PictureView(bgr, 160, 120, PixelFormat.Bgr24)));
            return path;
        })];
    }

    private static ModelManifest Read(string path) => JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.ModelManifest)!;

    /// <summary>The model with random weights in a new head, as the trainer puts one there.</summary>
    /// <param name="parent">Fits the model that is cut.</param>
    /// <param name="manifest">Of the model that comes of it.</param>
    private static byte[] Graft(byte[] onnx, ModelManifest parent, ModelManifest manifest, int seed)
    {
        var random = new Random(seed);
        int dimensions;
        using (var runner = ModelRunner.Open(onnx, parent, new SessionSettings(AllowGpu: false)))
        {
            runner.Session.Run();
            dimensions = runner.Session.Output(manifest.Decoder.Embedding!).Length;
        }
        var head = new LinearHead(manifest.Classes.Count, dimensions, [.. Enumerable.Range(0, manifest.Classes.Count * dimensions).Select(_ => random.NextDouble() - 0.5)], [.. manifest.Classes.Select(_ => random.NextDouble())]);
        return HeadGraft.Replace(onnx, manifest.Decoder.Embedding!, manifest.Decoder.Outputs[0], head, manifest.Decoder.Kind == DecoderKind.Probabilities);
    }

    /// <summary>Six layers of 1024 x 1024 random weights behind the mean colour: nothing in them repeats, as in a trained network.</summary>
    private static byte[] Backbone()
    {
        const int width = 1024;
        var random = new Random(7);
        var onnx = new TinyOnnx().Input("images", -1, 3, 64, 64).Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "flat", ("axis", 1));
        onnx.Constant("widen", Weights(3 * width), 3, width).Node("MatMul", ["flat", "widen"], "layer0");
        for (var layer = 1; layer <= 6; layer++)
        {
            onnx.Constant($"weights{layer}", Weights(width * width), width, width).Node("MatMul", [$"layer{layer - 1}", $"weights{layer}"], layer == 6 ? "embedding" : $"layer{layer}");
        }
        onnx.Constant("head", Weights(width * 6), width, 6).Node("MatMul", ["embedding", "head"], "logits").Node("Softmax", ["logits"], "probabilities", ("axis", 1));
        return onnx.Output("probabilities", -1, 6).Output("embedding", -1, width).Build();

        float[] Weights(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 16)];
    }

    private static async Task<FetchProgress> UpdateAsync(ChunkServer server, string data, string before, string after)
    {
        var folder = new ModelFolder(data);
        File.Copy(before, folder.PathOf(PackageReader.Open(before).Digest));
        using var http = FetchServices.Client(TimeSpan.FromSeconds(5));
        var download = new PackageDownload(http, folder, new UpdateOptions(), TimeProvider.System, NullLogger<PackageDownload>.Instance);
        await download.FetchAsync(server.Publish(after), CancellationToken.None);
        return download.Progress!;
    }

    /// <returns>Bytes from the server over the package's size.</returns>
    private static async Task<double> SiteAsync(ChunkServer server, TestFolder folder, string package)
    {
        var model = server.Publish(package);
        int[] ports = [.. Enumerable.Range(0, Devices).Select(_ => TestProcess.FreePort())];
        Uri[] site = [.. ports.Select(port => new Uri($"http://127.0.0.1:{port}"))];
        SiteDevice[] devices = [.. ports.Select((port, i) => new SiteDevice($"line-{i}", folder["site", $"{i}"], port, site))];
        try
        {
            foreach (var device in devices) await device.Server.StartAsync(CancellationToken.None);
            var fetched = await Task.WhenAll(devices.Select(device => device.FetchAsync(model)));
            return fetched.Sum() / (double)model.Bytes;
        }
        finally
        {
            foreach (var device in devices) await device.DisposeAsync();
        }
    }

    private static double CutAgainstDigest()
    {
        var bytes = new byte[ScannedBytes];
        new Random(1).NextBytes(bytes);
        var ratios = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            SHA256.HashData(bytes);
            var digest = Stopwatch.GetElapsedTime(began);
            began = Stopwatch.GetTimestamp();
            var average = ChunkCutter.AverageFor(bytes.Length);
            for (var at = 0; at < bytes.Length;) at += ChunkCutter.Cut(bytes.AsSpan(at), average);
            var cut = Stopwatch.GetElapsedTime(began);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: SHA-256 {ScannedBytes / 1e6 / digest.TotalSeconds:0} MB/s, cutting {ScannedBytes / 1e6 / cut.TotalSeconds:0} MB/s{(round < 0 ? " (warm-up)" : "")}"));
            if (round >= 0) ratios.Add(digest / cut);
        }
        return ratios.Order().ElementAt(Rounds / 2);
    }

    private sealed class SiteDevice : IAsyncDisposable
    {
        private readonly HttpClient _http = FetchServices.Client(TimeSpan.FromSeconds(5));
        private readonly PackageDownload _download;

        public SiteDevice(string name, string data, int port, IReadOnlyList<Uri> site)
        {
            var (device, models, board) = (new DeviceId(name), new ModelFolder(data), new FetchBoard());
            var options = new UpdateOptions { Serve = $"127.0.0.1:{port}", Neighbours = site, ServeMegabytesPerSecond = 0 };
            Server = new NeighbourServer(options, device, models, board, TimeProvider.System);
            _download = new PackageDownload(_http, models, options, TimeProvider.System, NullLogger<PackageDownload>.Instance,
                new SiteNeighbours(_http, device, site, board, TimeProvider.System, NullLogger<SiteNeighbours>.Instance));
        }

        public NeighbourServer Server { get; }

        /// <returns>Bytes from the server.</returns>
        public async Task<long> FetchAsync(DesiredModel model)
        {
            await _download.FetchAsync(model, CancellationToken.None);
            var progress = _download.Progress!;
            Console.WriteLine($"{progress.Fetched} bytes from the server, {progress.FromNeighbours} from neighbours");
            return progress.Fetched;
        }

        public async ValueTask DisposeAsync()
        {
            await Server.StopAsync(CancellationToken.None);
            await Server.DisposeAsync();
            _http.Dispose();
        }
    }
}
