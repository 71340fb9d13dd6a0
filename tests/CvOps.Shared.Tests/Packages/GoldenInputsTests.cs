using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Shared.Tests.Packages;

/// <summary>The reference preprocessing of golden vectors, against the agent's fused path and against exact arithmetic of the tests' own.</summary>
public sealed class GoldenInputsTests
{
    private static readonly PicturePoint[] Triangle = [new(0.1, 0.1), new(0.9, 0.3), new(0.4, 0.95)];

    public static TheoryData<string> Specs => new(All().Select(pair => pair.Name));

    [Theory]
    [MemberData(nameof(Specs))]
    public void Reference_and_fused_path_agree_for_every_kind_of_input(string name)
    {
        var spec = All().Single(pair => pair.Name == name).Spec;
        using var session = ModelSession.Open(Model(spec), Manifest(spec), new SessionSettings(AllowGpu: false));
        foreach (var (width, height) in ((int, int)[])[(64, 48), (37, 91), (200, 33), (5, 4)])
        {
            var tensor = GoldenInputs.Of(session, Noise(width, height));
            Assert.Equal(session.InputLength, tensor.Length);
            Assert.True(tensor.Distinct().Count() > 1);
        }
    }

    [Fact]
    public void The_reference_is_exact()
    {
        var picture = Noise(61, 47);
        var exact = ExactPicture.Bgr(picture.Bgr, 61, 47).Resized(24, 20);
        var spec = new InputSpec { Name = "x", Width = 24, Height = 20, Channels = ChannelOrder.Bgr, Std = [1, 1, 1] };
        var tensor = new ReferencePreprocess(spec, picture.Bgr, 61, 47).Tensor(3);
        for (var i = 0; i < tensor.Length; i++) Assert.Equal(exact[i], tensor[i], 1e-3);
    }

    [Fact]
    public void A_difference_of_more_than_rounding_is_told_with_its_place()
    {
        var spec = new InputSpec { Name = "x", Width = 4, Height = 4, Std = [255, 255, 1] };
        var exact = new float[48];
        var fused = new float[48];
        fused[40] = 1.4f;
        Assert.Null(GoldenInputs.Difference(spec, exact, fused, new HashSet<int>()));
        fused[3] = 0.1f;
        Assert.Contains("gives 0.1 at index 3 of the input where the reference gives 0", GoldenInputs.Difference(spec, exact, fused, new HashSet<int>()), StringComparison.Ordinal);
        fused[3] = float.NaN;
        Assert.Contains("NaN at index 3", GoldenInputs.Difference(spec, exact, fused, new HashSet<int>()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ElementType.Float32, ".f32", 4)]
    [InlineData(ElementType.Float16, ".f16", 2)]
    [InlineData(ElementType.UInt8, ".u8", 1)]
    public void Golden_inputs_lie_in_the_package_in_the_models_own_type(ElementType element, string ending, int bytes)
    {
        using var folder = new TestFolder();
        using var key = SigningKeys.Create();
        var spec = new InputSpec { Name = "x", Width = 12, Height = 8, ElementType = element, Std = element == ElementType.UInt8 ? [1, 1, 1] : [255, 255, 255] };
        PackageBuilder.Build(folder["x.cvmodel"], Manifest(spec), Model(spec), [], key);

        var package = PackageVerifier.Verify(folder["x.cvmodel"], PackageKit.Trust(key), DateTimeOffset.UnixEpoch).Package!;
        Assert.All(package.Golden.Vectors, vector => Assert.EndsWith(ending, vector.Input, StringComparison.Ordinal));
        Assert.Equal(12 * 8 * 3 * bytes, package.Entry(package.Golden.Vectors[0].Input).Length);
        using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings(AllowGpu: false));
        Assert.Equal((true, 0.0), (GoldenCheck.Run(session, package.Golden, package.Entry).Passed, GoldenCheck.Run(session, package.Golden, package.Entry).MaxDifference));
    }

    private static IEnumerable<(string Name, InputSpec Spec)> All()
    {
        var plain = new InputSpec { Name = "x", Width = 32, Height = 24 };
        foreach (var resize in Enum.GetValues<ResizeMode>()) yield return ($"{resize}", plain with { Resize = resize });
        foreach (var channels in Enum.GetValues<ChannelOrder>()) yield return ($"{channels}", plain with { Channels = channels });
        foreach (var element in Enum.GetValues<ElementType>())
        {
            yield return ($"{element} Nchw", plain with { ElementType = element, Std = [1, 1, 1] });
            yield return ($"{element} Nhwc", plain with { ElementType = element, Std = [1, 1, 1], Layout = TensorLayout.Nhwc });
        }

        yield return ("normalised", plain with { Mean = [123.675, 116.28, 103.53], Std = [58.395, 57.12, 57.375], Resize = ResizeMode.LetterboxCentre });
        yield return ("crop", plain with { Crop = new PictureRectangle(0.2, 0.1, 0.55, 0.7) });
        yield return ("region", plain with { Roi = Triangle, Resize = ResizeMode.LetterboxTopLeft });
        yield return ("tiles", plain with { Tiles = new TileGrid(3, 2, 0.2), Crop = new PictureRectangle(0.1, 0, 0.8, 1) });
        yield return ("short side", plain with { Resize = ResizeMode.CentreCrop, ShortSide = 40 });
    }

    private static ModelManifest Manifest(InputSpec spec) => new()
    {
        Name = "x", Version = "1", Task = ModelTask.Classification, Classes = ["a", "b"], Input = spec,
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["y"] },
    };

    private static byte[] Model(InputSpec spec)
    {
        long[] shape = spec.Layout == TensorLayout.Nchw ? [1, 3, spec.Height, spec.Width] : [1, spec.Height, spec.Width, 3];
        var type = spec.ElementType switch { ElementType.Float16 => OnnxType.Float16, ElementType.UInt8 => OnnxType.UInt8, _ => OnnxType.Float };
        return new TinyOnnx().Input("x", type, shape).Constant("c", [0.25f, 0.75f], 1, 2).Node("Identity", ["c"], "y").Output("y", 1, 2).Build();
    }

    private static DecodedPicture Noise(int width, int height)
    {
        var bgr = new byte[width * height * 3];
        new Random(width).NextBytes(bgr);
        return new DecodedPicture(bgr, width, height);
    }
}
