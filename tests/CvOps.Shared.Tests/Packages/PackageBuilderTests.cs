using CvOps.Contracts.Packages;
using CvOps.Shared.Tests.Vision.Decoders;
using CvOps.Statistics;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Shared.Tests.Packages;

public sealed class PackageBuilderTests : IDisposable
{
    private const string ModelFile = "neu_classifier_v2.onnx";

    private static readonly ModelManifest Manifest = new()
    {
        Name = "steel", Version = "2", Task = ModelTask.Classification,
        Classes = ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"],
        Input = new InputSpec { Name = "images", Width = 96, Height = 96, Channels = ChannelOrder.Grey },
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"], Embedding = "embedding" },
    };

    private readonly TestFolder _folder = new();

    [Fact]
    public void A_package_made_of_a_model_and_pictures_is_believed_and_says_here_what_it_said_there()
    {
        var model = File.ReadAllBytes(TestData.Require("models", ModelFile));
        var pictures = Directory.GetFiles(TestData.Require("neu-det", "images", "val"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        using var key = SigningKeys.Create();
        var path = _folder["steel.cvmodel"];
        var digest = PackageBuilder.Build(path, Manifest, model, pictures, key, new Lineage(Trainer: "tests"));

        var package = PackageVerifier.Verify(path, PackageKit.Trust(key), DateTimeOffset.UnixEpoch).Package!;
        Assert.Equal(digest, package.Digest);
        using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings(AllowGpu: false));
        var golden = GoldenCheck.Run(session, package.Golden, package.Entry);
        Assert.True(golden.Passed, golden.Reason);
        Assert.Equal(pictures.Length, package.Profile.Frames);
        Assert.Equal(pictures.Length, package.Profile.Classes.Values.Sum());
        Assert.Equal(
            [
                "blue-cast", "brightness", "clipped-black", "clipped-white", "confidence", "contrast", "embedding-0", "embedding-1", "embedding-2", "embedding-3", "embedding-4", "embedding-5",
                "embedding-distance", "entropy", "noise", "red-cast", "saturation", "sharpness",
            ], package.Profile.Histograms.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((pictures.Length, 64), (package.Profile.Embedding!.Frames, package.Profile.Embedding.Mean.Count));
    }

    [Fact]
    public void Packing_twice_gives_the_same_bytes_of_everything_but_the_signature()
    {
        var pictures = Directory.GetFiles(TestData.Require("neu-det", "images", "val"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(20).ToArray();
        var model = File.ReadAllBytes(TestData.Require("models", ModelFile));
        using var key = SigningKeys.Create();
        var (first, second) = (_folder["first.cvmodel"], _folder["second.cvmodel"]);
        PackageBuilder.Build(first, Manifest, model, pictures, key, new Lineage(Trainer: "tests"));
        PackageBuilder.Build(second, Manifest, model, pictures, key, new Lineage(Trainer: "tests"));
        var signatures = File.ReadAllBytes(first).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(PackageNames.SignatureFolder + "/"));
        Assert.True(signatures > model.Length);
        Assert.Equal(File.ReadAllBytes(first).AsSpan(0, signatures - 30).ToArray(), File.ReadAllBytes(second).AsSpan(0, signatures - 30).ToArray());
        Assert.Equal(PackageReader.Open(first).Signatures[0].Statement, PackageReader.Open(second).Signatures[0].Statement);
    }

    [Fact]
    public void A_model_of_an_opset_the_runtime_lacks_is_refused_with_what_to_do()
    {
        const int opset = 99;
        using var key = SigningKeys.Create();
        var manifest = Manifest with { Classes = ["a", "b"], Input = new InputSpec { Name = "x", Width = 4, Height = 4 }, Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["y"] } };
        var model = new TinyOnnx().Opset(opset).Input("x", 1, 3, 4, 4).Constant("c", [0.25f, 0.75f], 1, 2).Node("Identity", ["c"], "y").Output("y", 1, 2).Build();
        Assert.Equal(opset, OnnxHeader.Read(model).Opset);
        Assert.Contains("The model is of opset 99; the ONNX Runtime here runs opset", Assert.Throws<ModelException>(() => PackageBuilder.Build(_folder["x.cvmodel"], manifest, model, [], key)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Classes_that_the_outputs_lack_are_refused_before_anything_is_written()
    {
        using var key = SigningKeys.Create();
        var model = File.ReadAllBytes(TestData.Require("models", ModelFile));
        Assert.Contains("5", Assert.Throws<ModelException>(() => PackageBuilder.Build(_folder["x.cvmodel"], Manifest with { Classes = [.. Manifest.Classes.Take(5)] }, model, [], key)).Message, StringComparison.Ordinal);
        Assert.Contains("the model wants [?, 3, 96, 96]", Assert.Throws<ModelException>(() => PackageBuilder.Build(_folder["x.cvmodel"], Manifest with { Input = Manifest.Input with { Width = 97 } }, model, [], key)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_detector_that_suppresses_for_itself_is_packed_though_good_parts_show_it_nothing()
    {
        var manifest = OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloV10, Outputs = ["boxes"] }, ["dent"], ["dent"]);
        var picture = _folder["black.jpg"];
        File.WriteAllBytes(picture, JpegCodec.Encode(new PictureView(new byte[64 * 64], 64, 64, PixelFormat.Grey8), 90));
        using var key = SigningKeys.Create();
        var path = _folder["dents.cvmodel"];
        PackageBuilder.Build(path, manifest, OutputRig.Model(manifest.Input, new RigOutput("boxes", [-1, 6], 4, 4)), [picture], key, new Lineage(Trainer: "tests"));

        var package = PackageVerifier.Verify(path, PackageKit.Trust(key), DateTimeOffset.UnixEpoch).Package!;
        Assert.Equal([0L, 6L], package.Golden.Vectors[0].Outputs[0].Shape);
        using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings(AllowGpu: false));
        var golden = GoldenCheck.Run(session, package.Golden, package.Entry);
        Assert.True(golden.Passed, golden.Reason);
    }

    [Fact]
    public void Frames_counted_over_the_profiles_edges_show_no_drift_in_the_same_world_and_drift_in_a_darker_one()
    {
        var pictures = Directory.GetFiles(TestData.Require("neu-det", "images", "train"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var builder = new ReferenceProfileBuilder();
        var measured = pictures.Select(path => FrameStatistics.Measure(JpegCodec.Decode(File.ReadAllBytes(path)).View)).ToArray();
        foreach (var (statistics, i) in measured.Select((s, i) => (s, i)))
            if (i % 2 == 0) builder.Add(statistics, new());
        var reference = builder.Build().Histograms[Covariates.Brightness];

        // Every other picture made the profile; the rest is the same world.
        Histogram same = new(reference.Edges), darker = new(reference.Edges);
        foreach (var (statistics, i) in measured.Select((s, i) => (s, i)))
        {
            if (i % 2 == 0) continue;
            same.Add(statistics.Brightness);
            darker.Add(statistics.Brightness - 25);
        }

        Assert.True(PsiTest.Run(reference.Counts, same.Counts).PValue > 0.01);
        Assert.True(PsiTest.Run(reference.Counts, darker.Counts).PValue < 1e-6);
    }

    public void Dispose() => _folder.Dispose();
}
