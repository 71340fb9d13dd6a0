namespace CvOps.Contracts.Packages;

/// <summary>A file is no model package, or not a sound one. The message is one sentence that names the file and what is wrong.</summary>
public sealed class PackageException : Exception
{
    public PackageException(string message)
        : base(message)
    {
    }

    public PackageException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
