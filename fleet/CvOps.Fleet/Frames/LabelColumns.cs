using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Frames;

/// <summary>What a label, or its loss, writes into a frame's row: the columns as the database has them.</summary>
internal sealed record LabelColumns
{
    public required string Id { get; init; }

    /// <summary>Null for a frame of no device; the camera likewise.</summary>
    public string? Device { get; init; }

    public string? Camera { get; init; }

    public required LabelState State { get; init; }

    public required FrameUse Usage { get; init; }

    /// <summary>See <see cref="SqlTime"/>.</summary>
    public long? LabelledAt { get; init; }

    public string? LabelledBy { get; init; }

    public string? LabelClasses { get; init; }

    public string? LabelText { get; init; }

    public PartVerdict? Verdict { get; init; }

    /// <summary>The frame as the API gives it, JSON.</summary>
    public required string Body { get; init; }

    /// <param name="frame">As it is to be.</param>
    public static LabelColumns Of(FrameView frame)
    {
        var words = LabelWords.Of(frame.Label);
        return new LabelColumns
        {
            Id = frame.Id, Device = frame.Device?.Value, Camera = frame.Camera?.Value, State = frame.State, Usage = frame.Use, LabelledAt = frame.Label is { } given ? SqlTime.Of(given.At) : null,
            LabelledBy = frame.Label?.By, LabelClasses = words?.Classes, LabelText = words?.Text, Verdict = frame.Label?.Verdict, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView),
        };
    }
}
