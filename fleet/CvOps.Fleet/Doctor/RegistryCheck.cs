using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Vision;

namespace CvOps.Fleet.Doctor;

/// <summary>Keys, and the newest registered model: opened, and its golden vectors run here as the gate and the trainer do.</summary>
internal sealed class RegistryCheck(ModelRegistry models, LostPackages packages, FleetOptions options)
{
    private const string Check = "model";

    public async Task RunAsync(List<DoctorFinding> findings, CancellationToken cancel)
    {
        findings.Add(Keys());
        foreach (var (model, message, _) in await packages.FindAsync(cancel)) findings.Add(DoctorFinding.Fail(Check, message.TrimEnd('.'), $"Bring the same package again: cvops model push {model.Name}-{model.Version}.cvmodel."));
        if ((await models.ListAsync(cancel)).FirstOrDefault(model => model is { Lost: false, Revoked: null }) is not { } newest)
        {
            findings.Add(DoctorFinding.Ok(Check, "none is registered yet: cvops model push brings one"));
            return;
        }
        var name = $"{newest.Model.Name} {newest.Model.Version}";
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var package = PackageReader.Open(models.PackagePath(newest));
            using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings());
            var result = GoldenCheck.Run(session, package.Golden, package.Entry);
            findings.Add(result.Passed
                ? DoctorFinding.Ok(Check, string.Create(CultureInfo.InvariantCulture, $"{name} gives its golden vectors' answers here on {session.Provider}, opened and tried in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s"))
                : DoctorFinding.Fail(Check, $"{name} answers differently here than where it was packed: {result.Reason?.TrimEnd('.')}", $"Pack it anew on a machine with this ONNX Runtime (cvops model pack), or revoke it: cvops model revoke {newest.Model.Name}@{newest.Model.Version} --reason ..."));
        }
        catch (Exception e) when (e is ModelException or PackageException or BlobLostException or IOException)
        {
            findings.Add(DoctorFinding.Fail(Check, $"{name}: {e.Message.TrimEnd('.')}", $"Look at the package with 'cvops model verify', then bring it again (cvops model push) or revoke it: cvops model revoke {newest.Model.Name}@{newest.Model.Version} --reason ..."));
        }
    }

    private DoctorFinding Keys()
    {
        const string check = "trusted keys";
        try
        {
            var keys = Directory.EnumerateFiles(options.TrustedKeys!, "*.pem").Count();
            return keys > 0 ? DoctorFinding.Ok(check, $"{keys} in {options.TrustedKeys}")
                : DoctorFinding.Fail(check, $"{options.TrustedKeys} has no *.pem: no model is let in", $"Put the public keys of those who sign models there: cvops model trust add KEY.pem --trusted-keys {options.TrustedKeys}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DoctorFinding.Fail(check, e.Message.TrimEnd('.'), "Make the folder again and name it with --trusted-keys.");
        }
    }
}
