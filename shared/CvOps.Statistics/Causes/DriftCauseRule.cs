using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Statistics.Causes;

/// <summary>
/// The probable cause of a drift, from what moved and which way: the rows of <see cref="Rules"/> from the top, the first that fits. Pure; a hint for a
/// person, nothing is decided by it.
/// </summary>
public static class DriftCauseRule
{
    /// <summary>Name of the class mix among the covariates.</summary>
    public const string ClassMix = "classes";

    /// <summary>Names of what a stream's soundness is told by, see <see cref="StreamRule"/>.</summary>
    public const string StreamPrefix = "stream-";

    /// <summary>Share of the whole change that a single window may carry in a gradual one.</summary>
    private const double SuddenStep = 0.6;

    /// <summary>Cameras of a site from which on a common cause is likelier than several of their own.</summary>
    private const int SiteWide = 3;

    /// <summary>A model that moves so soon after it took over is itself the suspect.</summary>
    private static readonly TimeSpan NewModel = TimeSpan.FromHours(24);

    private sealed record Row(string Cause, string Route, Func<Moves, DriftScene, bool> Fits, string Advice);

    private static readonly Row[] Rows =
    [
        new("broken-stream", "maintenance", (m, _) => m.HasLike(StreamPrefix),
            "Pictures come late, damaged, twice or without content: check camera, cable, switch and the camera's encoder before anything else."),
        new("site-light", "maintenance", (m, s) => m.Has(Covariates.Brightness) && SiteMoves(s), "Most cameras of the site moved together: look at the hall's light and at daylight, not at the cameras."),
        new("exposure", "maintenance", (m, _) => m.Up(Covariates.Brightness),
            "The picture became brighter: check the camera's exposure and gain, and whether stray light falls in."),
        new("ageing-lamp", "maintenance", (m, s) => m.Down(Covariates.Brightness) && (m.Down(Covariates.Contrast) || IsGradual(s.Brightness)),
            "The picture darkens as with an ageing or dirty lamp: clean or replace the lamp of this camera."),
        new("exposure", "maintenance", (m, _) => m.Down(Covariates.Brightness), "The picture became darker at once: check the camera's exposure and gain, and whether a lamp failed."),
        new("white-balance", "maintenance", (m, _) => m.Has(Covariates.BlueCast, Covariates.RedCast, Covariates.Saturation),
            "Colours moved at the same brightness: check the camera's white balance, and whether a lamp of another kind was put in."),
        new("new-product", "labelling", (m, _) => m.StrongestIs(ClassMix), "What is seen moved further than how it looks: check for a new product or another mix of parts, label its frames and retrain."),
        new("dirty-lens-or-focus", "cleaning", (m, _) => !m.Up(Covariates.Noise) && !m.Up(Covariates.Sharpness) && !m.Up(Covariates.Contrast) && (m.Down(Covariates.Sharpness) || m.Down(Covariates.Contrast)),
            "The picture lost detail or contrast at the same brightness: clean the lens, then check the focus and the stream's compression."),
        new("sensor-noise", "maintenance", (m, _) => m.Up(Covariates.Noise),
            "The picture became noisier at the same brightness: check the camera's gain, its cooling and its cable."),
        new("knocked-camera", "maintenance", (m, _) => m.Has(Covariates.BoxX, Covariates.BoxY, Covariates.BoxSize) && !m.Has(Covariates.Boxes),
            "The same number of things lies elsewhere in the picture: check whether the camera or its holder was moved."),
        new("knocked-camera", "maintenance", (m, _) => m.HasLike(Covariates.EmbeddingPrefix) && !m.Has(ClassMix, Covariates.Boxes, Covariates.Sharpness, Covariates.Contrast),
            "The picture's numbers and the mix of classes are as before and the scene is not: check whether the camera was turned or moved; else label its frames."),
        new("model-decay", "rollback", (m, s) => PredictionAlone(m) && s.ModelSince is { } since && s.Since - since < NewModel,
            "The pictures look as before and the model says otherwise of them, soon after it took over: compare it with the one before, and roll back."),
        new("model-decay", "labelling", (m, _) => PredictionAlone(m),
            "The pictures look as before and the model is less at home in them: label this camera's uncertain frames and retrain."),
        new("new-product", "labelling", (_, _) => true, "The light is as before and what is seen is not: check for a new product or defect kind, label its frames and retrain."),
    ];

    /// <returns>Null when nothing moved.</returns>
    public static DriftCause? Find(DriftScene scene)
    {
        var moves = new Moves(scene.Covariates);
        if (!moves.Any) return null;
        var row = Rows.First(row => row.Fits(moves, scene));
        var numbers = string.Join(", ", moves.Strongest.Select(Words));
        var where = row.Cause == "site-light" ? $" {scene.SiteCamerasMoved} of {scene.SiteCameras} cameras of the site." : "";
        var since = scene.Since is { } at ? at.ToString("', since' yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "";
        return new DriftCause(row.Cause, $"{scene.Camera}: {numbers}{since}.{where} {row.Advice}", row.Route, row.Advice);
    }

    /// <summary>Cause and route of every row, in their order.</summary>
    public static IReadOnlyList<(string Cause, string Route)> Rules { get; } = [.. Rows.Select(row => (row.Cause, row.Route))];

    private static bool PredictionAlone(Moves m) =>
        m.Has(Covariates.Confidence, Covariates.Entropy)
        && !m.Has(ClassMix, Covariates.Boxes, Covariates.Sharpness, Covariates.Contrast, Covariates.Noise, Covariates.BoxSize, Covariates.BoxX, Covariates.BoxY)
        && !m.HasLike(Covariates.EmbeddingPrefix);

    private static bool SiteMoves(DriftScene scene) => scene.SiteCamerasMoved >= SiteWide && 2 * scene.SiteCamerasMoved > scene.SiteCameras;

    /// <summary>True when no single step between two windows carries most of the change from the highest to the last mean.</summary>
    private static bool IsGradual(IReadOnlyList<double> means)
    {
        var known = means.Where(double.IsFinite).ToArray();
        if (known.Length < 3) return false;
        var change = known.Max() - known[^1];
        return change > 0 && known.Zip(known.Skip(1), (a, b) => a - b).Max() < SuddenStep * change;
    }

    private static string Words(CovariateDrift c) => c.Covariate == ClassMix
        ? $"class mix changed (PSI {Number(c.Psi)})"
        : $"{c.Covariate} {(c.Mean < c.ReferenceMean ? "fell" : "rose")} from {Number(c.ReferenceMean)} to {Number(c.Mean)} (PSI {Number(c.Psi)})";

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
