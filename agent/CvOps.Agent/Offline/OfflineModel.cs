using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Offline;

/// <summary>The model of an offline run.</summary>
/// <param name="Loaded">The caller's.</param>
/// <param name="Note">What a person should know of it, in a sentence; null for nothing.</param>
internal sealed record OfflineModel(LoadedModel Loaded, string? Note)
{
    /// <summary>Opens a package as a device does, golden vectors included; or an ONNX file with a manifest.</summary>
    /// <exception cref="OfflineException">It is not to be believed, not sound, or does not run here.</exception>
    public static OfflineModel Open(OfflineOptions options, TimeProvider time)
    {
        try
        {
            return options.Manifest is { } manifest ? OpenOnnx(options, manifest) : OpenPackage(options, time);
        }
        catch (Exception e) when (e is PackageException or ModelException)
        {
            throw OfflineException.WrongInput(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw OfflineException.WrongInput($"The model can't be read: {e.Message}", e);
        }
    }

    private static OfflineModel OpenPackage(OfflineOptions options, TimeProvider time)
    {
        var (package, note) = options.TrustedKeys is { } keys ? (Verified(options.Model, keys, time), (string?)null) : Unvouched(options.Model);
        var session = ModelSession.Open(package.Onnx, package.Manifest, options.Inference.Settings);
        try
        {
            var golden = GoldenCheck.Run(session, package.Golden, package.Entry);
            if (!golden.Passed) throw new ModelException($"{options.Model} answers differently here than where it was packed: {golden.Reason}");
            return new OfflineModel(new LoadedModel(package.Ref, session, package.Profile), note);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static ModelPackage Verified(string path, string keys, TimeProvider time)
    {
        var verdict = PackageVerifier.Verify(path, Contracts.Packages.TrustedKeys.Load(keys), time.GetUtcNow());
        return verdict.Package ?? throw new PackageException($"Refused: {verdict.Reason}");
    }

    private static (ModelPackage Package, string Note) Unvouched(string path)
    {
        var package = PackageReader.Open(path);
        return (package, $"{path} is whole, but nobody vouched for it: it says that key {string.Join(" and ", package.KeyIds)} signed it. --trusted-keys FOLDER checks that.");
    }

    private static OfflineModel OpenOnnx(OfflineOptions options, string path)
    {
        var manifest = Manifest(path);
        var onnx = File.ReadAllBytes(options.Model);
        var reference = new ModelRef(manifest.Name, manifest.Version, Convert.ToHexStringLower(SHA256.HashData(onnx)));
        return new OfflineModel(new LoadedModel(reference, ModelSession.Open(onnx, manifest, options.Inference.Settings), null), null);
    }

    private static ModelManifest Manifest(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.ModelManifest) ?? throw new JsonException("it says null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new PackageException($"{path} is no manifest: {e.Message}", e);
        }
    }
}
