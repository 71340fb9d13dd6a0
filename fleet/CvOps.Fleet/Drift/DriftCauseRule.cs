using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Fleet.Drift;

/// <summary>The drift of one camera and what happens around it.</summary>
/// <param name="Brightness">Mean of each window of the timeline, oldest first; NaN where it had none.</param>
/// <param name="SiteCameras">Cameras of the site, this one included.</param>
/// <param name="SiteCamerasMoved">Those whose brightness has moved too, this one included.</param>
internal sealed record DriftScene(
    string Camera, IReadOnlyList<CovariateDrift> Covariates, IReadOnlyList<double> Brightness, DateTimeOffset Since, int SiteCameras, int SiteCamerasMoved);

internal sealed record DriftCause(string Name, string Explanation);

/// <summary>The probable cause of a drift, from what moved and how. Pure; a hint for a person, nothing is decided by it.</summary>
internal static class DriftCauseRule
{
    /// <summary>Share of the whole change that a single window may carry in a gradual one.</summary>
    private const double SuddenStep = 0.6;

    /// <summary>Cameras of a site from which on a common cause is likelier than several of their own.</summary>
    private const int SiteWide = 3;

    /// <returns>Null when nothing moved.</returns>
    public static DriftCause? Find(DriftScene scene)
    {
        var moved = scene.Covariates.Where(c => c.Moved).ToDictionary(c => c.Covariate);
        if (moved.Count == 0) return null;
        var (name, advice) = Name(scene, moved);
        var numbers = string.Join(", ", moved.Values.OrderByDescending(c => c.Psi).Select(Words));
        var since = scene.Since.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return new DriftCause(name, $"{scene.Camera}: {numbers}, since {since}. {advice}");
    }

    private static (string Name, string Advice) Name(DriftScene scene, Dictionary<string, CovariateDrift> moved)
    {
        var contrastDown = moved.TryGetValue(Covariates.Contrast, out var contrast) && contrast.Mean < contrast.ReferenceMean;
        if (moved.TryGetValue(Covariates.Brightness, out var brightness))
        {
            var down = brightness.Mean < brightness.ReferenceMean;
            if (scene.SiteCamerasMoved >= SiteWide && 2 * scene.SiteCamerasMoved > scene.SiteCameras)
                return ("site-light", $"{scene.SiteCamerasMoved} of {scene.SiteCameras} cameras of the site moved together: look at the hall's light and at daylight, not at the cameras.");
            if (down && (contrastDown || IsGradual(scene.Brightness)))
                return ("ageing-lamp", "The picture darkens as with an ageing or dirty lamp: clean or replace the lamp of this camera.");
            return ("exposure", $"The picture became {(down ? "darker" : "brighter")} at once: check the camera's exposure and gain, and whether a lamp failed or stray light falls in.");
        }
        if (moved.TryGetValue(Covariates.Sharpness, out var sharpness) && sharpness.Mean < sharpness.ReferenceMean && (contrast is null || contrastDown))
            return ("dirty-lens-or-focus", "The picture lost sharpness at the same brightness: clean the lens, then check the focus and whether the camera was moved.");
        if (moved.Count == 1 && moved.ContainsKey(Covariates.Confidence))
            return ("model-decay", "The pictures look as before and the model is less at home in them: label this camera's uncertain frames and retrain.");
        return ("new-product", "The light is as before and what is seen is not: check for a new product or defect kind, label its frames and retrain.");
    }

    /// <summary>True when no single step between two windows carries most of the change from the highest to the last mean.</summary>
    private static bool IsGradual(IReadOnlyList<double> means)
    {
        var known = means.Where(double.IsFinite).ToArray();
        if (known.Length < 3) return false;
        var change = known.Max() - known[^1];
        return change > 0 && known.Zip(known.Skip(1), (a, b) => a - b).Max() < SuddenStep * change;
    }

    private static string Words(CovariateDrift c) => c.Covariate == DriftDecision.ClassMix
        ? $"class mix changed (PSI {Number(c.Psi)})"
        : $"{c.Covariate} {(c.Mean < c.ReferenceMean ? "fell" : "rose")} from {Number(c.ReferenceMean)} to {Number(c.Mean)} (PSI {Number(c.Psi)})";

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
