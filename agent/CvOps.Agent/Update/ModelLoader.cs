using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using CvOps.Vision.Gpu;

namespace CvOps.Agent.Update;

/// <summary>From a file on disk to a model that is ready to run. Every step refuses in a sentence.</summary>
internal sealed class ModelLoader(ModelFolder folder, ModelOptions models, InferenceOptions inference, TimeProvider time)
{
    private readonly TrustMemory _memory = new(Path.Combine(folder.Data, "trust-version"));
    private readonly TensorRtSettings? _tensorRt = inference.TensorRtIn(folder.Data);
    private readonly Lazy<GpuIdentity> _machine = new(() => GpuIdentity.Read());

    /// <summary>Why the last <see cref="LoadCommittedAsync"/> would not let its package in today, a sentence to warn with; null when it would.</summary>
    public string? Doubt { get; private set; }

    /// <summary>Signature, digests, documents. Keys are read anew each time, so a key put there or taken away counts at once.</summary>
    /// <exception cref="UpdateRefusedException">The package is not to be believed.</exception>
    public ModelPackage Verify(string path, string? digest)
    {
        try
        {
            var verdict = PackageVerifier.Verify(path, _memory.Load(models.TrustedKeys), time.GetUtcNow());
            if (verdict.Package is not { } package) throw new UpdateRefusedException(verdict.Reason ?? "The package was refused without a reason.");
            return digest is null || package.Digest == digest
                ? package
                : throw new UpdateRefusedException($"The file has the digest {package.Digest}, not {digest}: it is another package or was altered.");
        }
        catch (PackageException e)
        {
            throw new UpdateRefusedException(e.Message);
        }
    }

    /// <summary>A package that was let in before: whole, and that very file. Its key's expiry or revocation, or a clock without a battery, must not stop a line.</summary>
    /// <exception cref="UpdateRefusedException">The file is gone or was altered.</exception>
    public ModelPackage Recheck(ModelRef model)
    {
        var path = folder.PathOf(model.Digest);
        if (!File.Exists(path)) throw new UpdateRefusedException($"The package {path} of {model.Name} {model.Version} is gone.");
        try
        {
            return PackageVerifier.Recheck(path, model.Digest);
        }
        catch (PackageException e)
        {
            throw new UpdateRefusedException(e.Message);
        }
    }

    /// <summary>Opens the model on one thread, beside the one that inspects.</summary>
    /// <exception cref="UpdateRefusedException">Not ONNX, or the manifest does not fit it.</exception>
    public Task<LoadedModel> OpenAsync(ModelPackage package) => LowPriority.RunAsync("prepare model", () => OpenWith(package, inference.Settings with { Threads = 1 }));

    /// <summary>Golden vectors on this device, on the session that will inspect.</summary>
    /// <param name="model">Owned by this call from here on; disposed unless it is returned.</param>
    /// <returns>The model that passed, on as many threads as the configuration gives it.</returns>
    /// <exception cref="UpdateRefusedException">It answers differently here than where it was packed.</exception>
    public async Task<LoadedModel> SelfTestAsync(ModelPackage package, LoadedModel model)
    {
        await LowPriority.RunAsync("self-test model", () => Check(package, model));
        if (inference.Threads == 1) return model;
        model.Dispose();
        // The session's own threads yield as much as the thread that makes them, for ever: these are to serve the line.
        var wide = await LowPriority.OnPlainThreadAsync("open model", () => OpenWith(package, inference.Settings));
        await LowPriority.RunAsync("self-test model", () => Check(package, wide));
        return wide;
    }

    /// <summary>All of it for a package that was committed before.</summary>
    /// <exception cref="UpdateRefusedException">The file is gone, was altered, or no longer runs here.</exception>
    public async Task<LoadedModel> LoadCommittedAsync(ModelRef model)
    {
        var package = await LowPriority.RunAsync("read model", () => Recheck(model));
        Doubt = DoubtOf(package);
        return await SelfTestAsync(package, await OpenAsync(package));
    }

    /// <summary>Builds the committed model's TensorRT engine, which takes minutes, and tries it. Engines of other models go.</summary>
    /// <returns>The session, the caller's; null when TensorRT can't be had here.</returns>
    /// <exception cref="UpdateRefusedException">The engine answers differently than the model where it was packed.</exception>
    public ModelSession? BuildEngine(ModelRef model)
    {
        if (_tensorRt is not { } settings) return null;
        var package = Recheck(model);
        var engines = EngineCache.FolderOf(settings, model.Digest, _machine.Value);
        EngineCache.KeepOnly(settings.Engines, [engines]);
        EngineCache.Prepare(engines, settings, model.Digest, _machine.Value);
        var session = ModelSession.Open(package.Onnx, package.Manifest, inference.Settings with { TensorRt = settings, EngineFolder = engines });
        try
        {
            if (session.Provider == "TensorRT")
            {
                Check(package, session);
                return session;
            }
        }
        catch
        {
            session.Dispose();
            throw;
        }
        session.Dispose();
        return null;
    }

    private LoadedModel OpenWith(ModelPackage package, SessionSettings settings)
    {
        try
        {
            // An engine that was built before serves at once; one that is still to be built must not hold up the line.
            var engines = _tensorRt is { } tensorRt ? EngineCache.FolderOf(tensorRt, package.Digest, _machine.Value) : null;
            if (engines is not null && EngineCache.IsBuilt(engines)) settings = settings with { TensorRt = _tensorRt, EngineFolder = engines };
            return new LoadedModel(package.Ref, ModelSession.Open(package.Onnx, package.Manifest, settings), package.Profile);
        }
        catch (Exception e) when (e is ModelException or PackageException)
        {
            throw new UpdateRefusedException(e.Message);
        }
    }

    private string? DoubtOf(ModelPackage package)
    {
        try
        {
            return PackageVerifier.Judge(package, _memory.Load(models.TrustedKeys), time.GetUtcNow()).Reason;
        }
        catch (PackageException e)
        {
            return e.Message;
        }
    }

    private static bool Check(ModelPackage package, LoadedModel model)
    {
        try
        {
            Check(package, model.Session);
            return true;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Check(ModelPackage package, ModelSession session)
    {
        string? reason;
        try
        {
            var result = GoldenCheck.Run(session, package.Golden, package.Entry);
            reason = result.Passed ? null : result.Reason;
        }
        catch (Exception e) when (e is ModelException or PackageException)
        {
            reason = e.Message;
        }
        if (reason is not null) throw new UpdateRefusedException($"The self-test on this device failed: {reason}");
    }
}
