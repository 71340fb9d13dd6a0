using System.Globalization;
using System.Security.Cryptography;
using CvOps.Fleet.Datasets.Quality.Checks;

namespace CvOps.Fleet.Tests.Datasets.Quality;

/// <summary>What a check that runs by itself looks at where there are too many frames.</summary>
[Trait("tier", "integration")]
public sealed class CheckedPartTests
{
    [Fact]
    public async Task Of_too_many_frames_a_part_is_read_those_of_one_picture_together()
    {
        using var frozen = new Frozen();
        var frames = Enumerable.Range(0, 600).Select(i => frozen.Frame($"f{i:000}") with { ImageDigest = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(i / 2))) }).ToArray();
        await frozen.AddAsync(frames);
        var reader = new CheckedFrameReader(frozen.Database, frozen.Store);

        var (part, of) = await reader.ReadAsync(null, 200, TestContext.Current.CancellationToken);
        Assert.Equal(600, of);
        Assert.InRange(part.Count, 130, 270);
        Assert.All(part.GroupBy(frame => frame.Image), picture => Assert.Equal(2, picture.Count()));
        Assert.Equal(part.Select(frame => frame.Id), (await reader.ReadAsync(null, 200, TestContext.Current.CancellationToken)).Frames.Select(frame => frame.Id));

        var (all, count) = await reader.ReadAsync(null, null, TestContext.Current.CancellationToken);
        Assert.Equal((600, 600L), (all.Count, count));
        var view = await frozen.FreezeAsync();
        var (entries, frozenOf) = await reader.ReadAsync(view.Digest, 200, TestContext.Current.CancellationToken);
        Assert.Equal(600L, frozenOf);
        Assert.Equal(part.Select(frame => frame.Id).Order(StringComparer.Ordinal), entries.Select(frame => frame.Id));
        Assert.True(long.Parse(part.Max(frame => frame.Image)![..8], NumberStyles.HexNumber, CultureInfo.InvariantCulture) < uint.MaxValue * (200.0 / 600) + 1);
    }
}
