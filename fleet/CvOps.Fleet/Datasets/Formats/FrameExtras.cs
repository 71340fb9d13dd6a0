using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>
/// What a frame has and a format has no word for. Formats of JSON and XML carry it in a member or element <c>cvops</c>, which other programs pass by, so that
/// a dataset that comes back is what it was.
/// </summary>
internal sealed record FrameExtras
{
    /// <summary>The member's or element's name.</summary>
    public const string Member = "cvops";

    public string? Frame { get; init; }

    public string? Class { get; init; }

    public PartVerdict? Verdict { get; init; }

    public FrameUse? Use { get; init; }

    public string? Part { get; init; }

    public DateTimeOffset? CapturedAt { get; init; }

    public ModelRef? Model { get; init; }

    public Prediction? Prediction { get; init; }

    /// <summary>What is said of it beside its label.</summary>
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    /// <summary>A <see cref="SyntheticOrigin"/> in CvOps' own JSON: how it was made, if no camera took it.</summary>
    public JsonElement? Synthetic { get; init; }

    /// <exception cref="InvalidDataException">It says that it is synthetic, but not how as a fleet writes it.</exception>
    public SyntheticOrigin? Origin()
    {
        try
        {
            return Synthetic?.Deserialize(ContractsJson.Default.SyntheticOrigin);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"What it says of a synthetic picture is not as a fleet writes it: {e.Message}", e);
        }
    }
}
