using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Cli.Demo;

/// <summary>Accuracy of what a fleet reported, against the truth of the parts.</summary>
internal sealed record Accuracy(int Parts, int Right, double MeanConfidence)
{
    public double Share => Parts == 0 ? 0 : (double)Right / Parts;

    /// <summary>Upper end of the 95 % interval: so much may be true by what was seen.</summary>
    public double Highest => Intervals.Wilson(Right, Parts).High;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Share:0.000} ({Right} of {Parts} parts)");
}

/// <summary>Reads inspections from now on and compares each with the truth.</summary>
/// <param name="truth">The true class of an inspected part; null where nobody knows (the part code was not read).</param>
internal sealed class AccuracyMeter(FleetClient fleet, Func<InspectionRow, CancellationToken, Task<string?>> truth)
{
    /// <summary>Newest inspection now; where <see cref="Measure"/> starts.</summary>
    public async Task<long> Now(DeviceId device, CancellationToken ct) =>
        (await fleet.Get<InspectionPage>($"inspections?device={device}&after=-1", ct)).Next;

    /// <summary>Waits until so many parts of the device have been inspected after now by the model.</summary>
    /// <param name="model">Digest; inspections by another model are passed over.</param>
    /// <exception cref="StoryFailure">They did not come in time.</exception>
    public async Task<Accuracy> Measure(DeviceId device, string model, int parts, TimeSpan patience, CancellationToken ct)
    {
        var cursor = await Now(device, ct);
        int seen = 0, right = 0;
        var confidence = 0.0;
        return await Figures.Until($"{parts} inspections on {device}", patience, async () =>
        {
            var page = await fleet.Get<InspectionPage>($"inspections?device={device}&after={cursor}&limit=500", ct);
            cursor = page.Next;
            foreach (var row in page.Rows.Where(row => row.ModelDigest == model && row.Error is null))
            {
                if (await truth(row, ct) is not { } true1) continue;
                seen++;
                confidence += row.Confidence;
                if (row.Class == true1) right++;
            }
            return seen >= parts ? new Accuracy(seen, right, confidence / seen) : null;
        }, () => $"{seen} inspections by {model[..8]}", ct);
    }
}
