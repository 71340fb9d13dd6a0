using CvOps.Contracts.Api;

namespace CvOps.Statistics.Causes;

/// <summary>The drift of one camera and what happens around it.</summary>
/// <param name="Brightness">Mean of each window of the timeline, oldest first; NaN where it had none.</param>
/// <param name="Since">Since when it is no longer quiet; null where that is not a question of time.</param>
/// <param name="SiteCameras">Cameras of the site, this one included.</param>
/// <param name="SiteCamerasMoved">Those whose brightness has moved too, this one included.</param>
/// <param name="ModelSince">When the model in charge first inspected a frame of this camera; null when nobody knows.</param>
public sealed record DriftScene(
    string Camera, IReadOnlyList<CovariateDrift> Covariates, IReadOnlyList<double> Brightness, DateTimeOffset? Since, int SiteCameras, int SiteCamerasMoved, DateTimeOffset? ModelSince = null);

/// <param name="Name">In the field's words, e.g. <c>ageing-lamp</c>.</param>
/// <param name="Explanation">What moved, by how much, since when, and what to do.</param>
/// <param name="Route">Whose work it is: cleaning, maintenance, labelling or rollback.</param>
/// <param name="Advice">The part of the explanation that says what to do.</param>
public sealed record DriftCause(string Name, string Explanation, string Route = "", string Advice = "");
