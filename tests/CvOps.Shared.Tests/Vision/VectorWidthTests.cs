using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

/// <summary>The same bytes from every processor: tensors are frozen as a digest, which is made again with instruction sets switched off.</summary>
public sealed class VectorWidthTests
{
    // A change here is a change of what every model sees.
    private const string Frozen = "4be1c66941a396172f8044d1b0bcd8f47a91f2f7911461f6b540e96364603fcd";

    [Fact]
    public void Tensors_have_the_bytes_they_always_had() => Assert.Equal(Frozen, Digest());

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableAVX")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Without_an_instruction_set_the_bytes_are_the_same(string variable)
    {
        await using var child = TestProcess.StartAssembly(typeof(VectorWidthTests).Assembly.Location,
            ["-method", $"{typeof(VectorWidthTests).FullName}.{nameof(Tensors_have_the_bytes_they_always_had)}"], new Dictionary<string, string?> { [variable] = "0" });
        await Eventually.Async(() => child.HasExited, TimeSpan.FromMinutes(2), () => child.Output, TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0 && child.Output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), child.Output);
    }

    private static string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        InputSpec[] specs =
        [
            new() { Name = "x", Width = 97, Height = 64, Resize = ResizeMode.LetterboxCentre },
            new() { Name = "x", Width = 33, Height = 40, Channels = ChannelOrder.Bgr, Mean = [103.53, 116.28, 123.675], Std = [57.375, 57.12, 58.395] },
            new() { Name = "x", Width = 20, Height = 20, Channels = ChannelOrder.Grey, Resize = ResizeMode.CentreCrop, Layout = TensorLayout.Nhwc, ElementType = ElementType.Float16 },
            new() { Name = "x", Width = 64, Height = 48, Resize = ResizeMode.LetterboxTopLeft, ElementType = ElementType.UInt8, Std = [1, 1, 1], Roi = [new(0.1, 0), new(1, 0.5), new(0.3, 1)], Tiles = new(2, 1, 0.3) },
        ];
        foreach (var format in Enum.GetValues<PixelFormat>())
        {
            // Scales of 3, of 1 and a half, below 1, and of dozens; widths below a register and above.
            foreach (var (width, height) in ((int, int)[])[(291, 192), (150, 83), (31, 17), (3, 5), (2100, 30)])
            {
                var pixels = ExactPreprocessTests.Noise(width, height, format);
                foreach (var colour in (YuvColour[])[default, new(YuvMatrix.Bt709, YuvRange.Full)])
                {
                    var picture = new PictureView(pixels, width, height, format, colour);
                    foreach (var spec in specs)
                    {
                        var plan = PreprocessPlan.Create(spec, width, height, format, colour);
                        var tensor = new byte[plan.Tiles * 3 * spec.Width * spec.Height * (spec.ElementType == ElementType.Float32 ? 4 : spec.ElementType == ElementType.Float16 ? 2 : 1)];
                        plan.Fill(picture, tensor);
                        hash.AppendData(tensor);
                    }
                    var bgr = new byte[3 * width * height];
                    PictureRows.ToBgr(picture, bgr);
                    hash.AppendData(bgr);
                    var statistics = FrameStatistics.Measure(picture);
                    hash.AppendData(MemoryMarshal.AsBytes<double>([statistics.Brightness, statistics.Contrast, Math.Round(statistics.Sharpness, 9), statistics.BlueCast,
                        statistics.RedCast, statistics.Saturation, statistics.Noise, statistics.ClippedBlack, statistics.ClippedWhite]));
                }
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
