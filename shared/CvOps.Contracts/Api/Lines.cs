namespace CvOps.Contracts.Api;

/// <summary>What the line simulator knows of one part.</summary>
/// <param name="Class">ok, scratch, dent or stain.</param>
/// <param name="Lamp">Light of the lamp when the part was drawn: 1 is new, 0 is out.</param>
/// <param name="Blur">Blur of the lens then, in pixels.</param>
public sealed record PartTruth(uint Serial, string Class, DateTimeOffset DrawnAt, double Lamp, double Blur, string Product);

/// <param name="Parts">By rising serial.</param>
public sealed record PartTruthPage(string Line, IReadOnlyList<PartTruth> Parts);

/// <summary>A simulated line as it is now.</summary>
/// <param name="Video">Path of its stream, MPEG-TS with H.264.</param>
/// <param name="Serial">The newest part, 0 before the first.</param>
/// <param name="Ramping">The lamp or the lens is on its way to what was asked for.</param>
/// <param name="Code">Where the part code stands in the picture.</param>
/// <param name="ClientsDropped">Clients that read slower than the line runs and were sent away.</param>
public sealed record LineView(
    string Line, string Video, int Width, int Height, int FramesPerSecond, uint Serial, double Lamp, double Blur, string Product, bool Ramping,
    LineCode Code, int Clients, long ClientsDropped);

/// <summary>A rectangle of the picture, in pixels.</summary>
public sealed record LineCode(int X, int Y, int Width, int Height);

/// <summary>What shall become of a line; null keeps what is.</summary>
/// <param name="RampSeconds">Time that lamp and blur take to get there, at least 0. The product changes at once.</param>
public sealed record LineDriftRequest(double? Lamp = null, double? Blur = null, string? Product = null, double RampSeconds = 0);

/// <summary>What was wrong with a request to the simulator.</summary>
public sealed record LineError(string Error);
