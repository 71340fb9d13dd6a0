using CvOps.Agent.Update;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary>Whether this device believes a program package, and can run what is in it.</summary>
/// <param name="trustedKeys">The folder that model packages are held against, too.</param>
/// <param name="data">The agent's state folder.</param>
internal sealed class ProgramGate(string trustedKeys, string data, TimeProvider time)
{
    private readonly TrustMemory _memory = new(Path.Combine(data, "trust-version"));

    /// <param name="wanted">What was asked for; null where a person brings it.</param>
    /// <exception cref="UpdateRefusedException">It is not to be believed, not what was asked for, or for another machine.</exception>
    public ProgramPackage Verify(string path, DesiredProgram? wanted)
    {
        try
        {
            // Keys are read anew each time, so a key put there or taken away counts at once.
            var verdict = ProgramVerifier.Verify(path, _memory.Load(trustedKeys), time.GetUtcNow());
            if (verdict.Package is not { } package) throw new UpdateRefusedException(verdict.Reason ?? "The package was refused without a reason.");
            if (wanted is not null && package.Digest != wanted.Digest) throw new UpdateRefusedException($"The file has the digest {package.Digest}, not {wanted.Digest}: it is another package or was altered.");
            if (wanted is not null && package.Manifest.Version != wanted.Version) throw new UpdateRefusedException($"The package is of version {package.Manifest.Version}, and {wanted.Version} was wanted.");
            if (package.Manifest.Runtime != ProgramRule.ThisRuntime) throw new UpdateRefusedException($"The program is for {package.Manifest.Runtime}; this device is {ProgramRule.ThisRuntime}.");
            if (package.Manifest.NeedsDotNet && ProgramExec.DotNet is null) throw new UpdateRefusedException("The program has no .NET of its own, and this agent does not run on the machine's; bring a package made of a self-contained program.");
            return package;
        }
        catch (PackageException e)
        {
            throw new UpdateRefusedException(e.Message);
        }
    }
}
