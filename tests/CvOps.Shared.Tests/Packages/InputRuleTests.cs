using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Packages;

public sealed class InputRuleTests
{
    private static readonly InputSpec Good = new() { Name = "images", Width = 64, Height = 48 };

    public static TheoryData<string, InputSpec> Bad => new()
    {
        { "the manifest does not name the model's input.", Good with { Name = "" } },
        { "the manifest's input is 0x48; each side must be 1 to 16384 pixels.", Good with { Width = 0 } },
        { "the manifest's input is 64x16385; each side must be 1 to 16384 pixels.", Good with { Height = 16_385 } },
        { "the manifest's input is 16384x16384; its tensor would have more bytes than the 2147483647 that are possible.", Good with { Width = 16_384, Height = 16_384 } },
        { "the manifest's mean and std have 3 and 2 numbers; both need three, in channel order.", Good with { Std = [1, 1] } },
        { "the manifest's mean 0, NaN, 0 must be finite and its std 1, 1, 1 finite and above 0.", Good with { Mean = [0, double.NaN, 0], Std = [1, 1, 1] } },
        { "the manifest's mean 0, 0, 0 must be finite and its std 1, 0, 1 finite and above 0.", Good with { Std = [1, 0, 1] } },
        { "the manifest's mean 0, 0, 0 must be finite and its std 1E-60, 1, 1 finite and above 0.", Good with { Std = [1e-60, 1, 1] } },
        { "the manifest's padding is not a pixel value, 0 to 255.", Good with { Pad = 256 } },
        { "the manifest's padding is not a pixel value, 0 to 255.", Good with { Pad = double.NaN } },
        { "the manifest's std 255, 255, 255 leaves a UInt8 input nothing but 0 to 2; raw pixels have std 1.", Good with { ElementType = ElementType.UInt8 } },
        { "the manifest's element type 7 is none of Float32, Float16, UInt8.", Good with { ElementType = (ElementType)7 } },
        { "the manifest's crop (0.5, 0, 0.6, 1) does not lie inside the picture, whose sides are 0 to 1.", Good with { Crop = new(0.5, 0, 0.6, 1) } },
        { "the manifest's crop (0, 0, 0, 1) does not lie inside the picture, whose sides are 0 to 1.", Good with { Crop = new(0, 0, 0, 1) } },
        { "the manifest's crop (NaN, 0, 1, 1) does not lie inside the picture, whose sides are 0 to 1.", Good with { Crop = new(double.NaN, 0, 1, 1) } },
        { "the manifest's region of interest has 2 corners; 3 to 256 make a polygon.", Good with { Roi = [new(0, 0), new(1, 1)] } },
        { "the manifest's region of interest has a corner at (0, 1.5), outside the picture, whose sides are 0 to 1.", Good with { Roi = [new(0, 0), new(1, 1), new(0, 1.5)] } },
        { "the manifest's tiles are 0 x 2; 1 to 64 a side are possible, 256 in all.", Good with { Tiles = new(0, 2) } },
        { "the manifest's tiles are 32 x 32; 1 to 64 a side are possible, 256 in all.", Good with { Tiles = new(32, 32) } },
        { "the manifest's tiles overlap by 1; 0 to 0.9 of a tile is possible.", Good with { Tiles = new(2, 2, 1) } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void An_input_that_cannot_be_is_refused_in_one_sentence_by_packages_and_plans(string sentence, InputSpec spec)
    {
        Assert.Equal(sentence, InputRule.Problem(spec));
        Assert.Equal(char.ToUpperInvariant(sentence[0]) + sentence[1..], Assert.Throws<ModelException>(() => PreprocessPlan.Create(spec, 10, 10, PixelFormat.Grey8)).Message);
    }

    [Fact]
    public void What_is_possible_passes()
    {
        Assert.Null(InputRule.Problem(Good));
        Assert.Null(InputRule.Problem(Good with { ElementType = ElementType.UInt8, Std = [1, 1, 1], Crop = new(0.1, 0.2, 0.9, 0.8), Roi = [new(0, 0), new(1, 0), new(1, 1)], Tiles = new(16, 16, 0.9) }));
    }
}
