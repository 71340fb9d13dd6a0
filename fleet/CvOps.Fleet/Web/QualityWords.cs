using CvOps.Contracts.Api;

namespace CvOps.Fleet.Web;

/// <summary>Kinds of findings as people call them.</summary>
internal static class QualityWords
{
    public static string Of(QualityKind kind) => kind switch
    {
        QualityKind.Picture => "picture",
        QualityKind.ExactDuplicate => "same file",
        QualityKind.NearDuplicate => "nearly the same",
        QualityKind.LabelSuspect => "label suspect",
        QualityKind.LabelConflict => "labels disagree",
        QualityKind.Shape => "boxes",
        QualityKind.Schema => "schema",
        QualityKind.Balance => "class balance",
        QualityKind.Leakage => "leakage",
        _ => "hurts accuracy",
    };
}
