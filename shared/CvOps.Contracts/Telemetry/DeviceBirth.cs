using CvOps.Contracts.Packages;
using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>
/// What a device is and what it says, for whoever comes later. Retained on <c>birth</c>, said anew with each connection and each change of it. With
/// <c>status</c>, <c>health</c> and the twins, which are retained as well, a late subscriber knows everything but the past.
/// </summary>
public sealed record DeviceBirth
{
    public required SiteId Site { get; init; }

    public required DeviceId Device { get; init; }

    /// <summary>Counts the agent's starts, from 1.</summary>
    [Wire(Minimum = 1)]
    public required long Boot { get; init; }

    /// <summary>When this came to be so.</summary>
    public required DateTimeOffset At { get; init; }

    public required string AgentVersion { get; init; }

    /// <summary>Time between two messages on <c>health</c>.</summary>
    [Wire(Unit = "s", Minimum = 0)]
    public required double HealthSeconds { get; init; }

    public required IReadOnlyList<BirthCamera> Cameras { get; init; }

    /// <summary>The model in charge; null before the first.</summary>
    public BirthModel? Model { get; init; }

    /// <summary>Every topic the device writes or reads, one a kind and camera.</summary>
    public required IReadOnlyList<BirthTopic> Topics { get; init; }
}

/// <summary>A camera as it is configured.</summary>
/// <param name="Source">Its address without user and password.</param>
/// <param name="Width">Of its pictures; 0 before the first.</param>
/// <param name="Height">Of its pictures; 0 before the first.</param>
/// <param name="Zones">Names of the areas whose visits are counted.</param>
/// <param name="Lines">Names of the lines whose crossings are counted.</param>
/// <param name="Outputs">Whether an ejector or a light hangs on it.</param>
public sealed record BirthCamera(
    CameraId Camera, string Source, [Wire(Unit = "px", Minimum = 0)] int Width, [Wire(Unit = "px", Minimum = 0)] int Height,
    IReadOnlyList<string> Zones, IReadOnlyList<string> Lines, bool Outputs);

/// <summary>A model and what its answers can be.</summary>
/// <param name="Classes">In the model's order.</param>
/// <param name="RejectClasses">Those that reject a part.</param>
public sealed record BirthModel(ModelRef Model, ModelTask Task, IReadOnlyList<string> Classes, IReadOnlyList<string> RejectClasses);

/// <summary>One topic of the device.</summary>
/// <param name="Filter">Whole, with a <c>+</c> where a level changes from message to message.</param>
/// <param name="Schema">The <c>$id</c> of its messages' JSON Schema; <c>cvops contracts schema</c> prints it.</param>
/// <param name="Retained">Whether the newest message waits for later subscribers.</param>
/// <param name="Writes">Whether the device writes it; it reads the others.</param>
public sealed record BirthTopic(string Filter, string Schema, bool Retained, bool Writes);
