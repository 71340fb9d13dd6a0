using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Statistics.Causes;

namespace CvOps.Shared.Tests.Statistics;

public sealed class DriftCauseRuleTests
{
    private static readonly double[] Ramp = [130, 130, 118, 104, 90];
    private static readonly double[] Step = [130, 130, 130, 90, 90];

    public static TheoryData<string, string, double[], int, int> Table => new()
    {
        { "", "", Ramp, 1, 0 },
        { "brightness-", "ageing-lamp", Ramp, 1, 1 },
        { "brightness-", "ageing-lamp", [130, double.NaN, 130, 118, 104, 90], 1, 1 },
        { "brightness- contrast-", "ageing-lamp", Step, 1, 1 },
        { "brightness- confidence- classes-", "ageing-lamp", Ramp, 2, 2 },
        { "brightness-", "exposure", Step, 1, 1 },
        { "brightness-", "exposure", [130, 90], 1, 1 },
        { "brightness+", "exposure", Ramp, 1, 1 },
        { "brightness-", "site-light", Ramp, 4, 3 },
        { "brightness+", "site-light", Step, 5, 3 },
        { "brightness-", "ageing-lamp", Ramp, 6, 3 },
        { "sharpness-", "dirty-lens-or-focus", [], 1, 0 },
        { "sharpness- contrast-", "dirty-lens-or-focus", [], 1, 0 },
        { "sharpness- contrast+", "new-product", [], 1, 0 },
        { "sharpness+", "new-product", [], 1, 0 },
        { "confidence-", "model-decay", [], 1, 0 },
        { "classes-", "new-product", [], 1, 0 },
        { "confidence- classes-", "new-product", [], 1, 0 },
        { "contrast+", "new-product", [], 1, 0 },
        { "contrast-", "dirty-lens-or-focus", [], 1, 0 },
        { "sharpness- noise- embedding-distance+ classes-", "dirty-lens-or-focus", [], 1, 0 },
        { "brightness- clipped-black+", "exposure", Step, 1, 1 },
        { "brightness- clipped-black+ entropy+", "ageing-lamp", Ramp, 1, 1 },
        { "brightness+ clipped-white+ contrast-", "exposure", Step, 1, 1 },
        { "blue-cast+ saturation+ confidence-", "white-balance", [], 1, 0 },
        { "noise+ sharpness+ confidence- classes+", "sensor-noise", [], 1, 0 },
        { "noise+ contrast-", "sensor-noise", [], 1, 0 },
        { "box-x+ box-y-", "knocked-camera", [], 1, 0 },
        { "box-x+ boxes+", "new-product", [], 1, 0 },
        { "embedding-distance+ embedding-3-", "knocked-camera", [], 1, 0 },
        { "embedding-distance+ classes+ confidence-", "new-product", [], 1, 0 },
        { "confidence+ entropy-", "model-decay", [], 1, 0 },
        { "stream-repeated+ brightness- sharpness-", "broken-stream", Step, 5, 5 },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void What_moved_names_the_cause(string moved, string cause, double[] brightness, int cameras, int camerasMoved)
    {
        CovariateDrift[] covariates =
        [
            new("still", 0.01, 0.5, 0, 1, 1, false),
            .. moved.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => new CovariateDrift(word[..^1], 0.5, 1e-20, 0.1, word[^1] == '-' ? 90 : 170, 130, true)),
        ];
        var found = DriftCauseRule.Find(new DriftScene("line-1/cam", covariates, brightness, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), cameras, camerasMoved));
        Assert.Equal(cause.Length == 0 ? null : cause, found?.Name);
        if (found is null) return;
        Assert.StartsWith("line-1/cam: ", found.Explanation, StringComparison.Ordinal);
        Assert.Contains("since 2026-01-02 03:04:05 UTC", found.Explanation, StringComparison.Ordinal);
        if (moved.Contains(Covariates.Brightness + "-", StringComparison.Ordinal)) Assert.Contains("brightness fell from 130.0 to 90.0 (PSI 0.50)", found.Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain("still", found.Explanation, StringComparison.Ordinal);
    }
}
